"""Gives another user what it cannot reach below a private home: folders below /var/tmp, which outlive a reboot."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from packsys.embedded.identity import Identity
from packsys.errors import WrongSetUp

PLACE = Path("/var/tmp")  # everybody's, so every folder in it is checked to be ours


def refuse_strangers(folder: Path, *owners: int) -> None:
    """Raises :class:`~packsys.errors.WrongSetUp` for a folder that somebody else put in our way."""
    if folder.lstat().st_uid not in owners or folder.is_symlink():
        raise WrongSetUp(f"{folder} belongs to another user: remove it, it is in our way.")


def data_for(identity: Identity, name: str) -> Path:
    """Makes the folder of an identity's data, which nobody else can read."""
    folder = PLACE / name
    folder.mkdir(mode=0o700, exist_ok=True)
    refuse_strangers(folder, os.geteuid(), identity.uid)
    identity.owns(folder)
    return folder


def readable_copy(programs: Path) -> Path:
    """Copies a wheel's folder of programs to where every user can run them, once a version."""
    package, made = programs.parents[1], programs.stat()
    name = f"packsys-programs-{os.geteuid()}-{made.st_ino}-{int(made.st_mtime)}"
    home = PLACE / name
    if not home.exists():
        _copy(package, home)
    refuse_strangers(home, os.geteuid())
    return home / package.name / programs.relative_to(package)


def _copy(package: Path, home: Path) -> None:
    """Copies a package and its libraries, which its programs look for beside it: $ORIGIN/../../../NAME.libs."""
    new = Path(tempfile.mkdtemp(prefix=home.name, dir=PLACE))
    for tree in (package, package.with_name(f"{package.name}.libs")):
        if tree.is_dir():
            shutil.copytree(tree, new / tree.name, symlinks=True)
    for path in (new, *new.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    with suppress(OSError):  # another launcher was faster
        new.rename(home)
    shutil.rmtree(new, ignore_errors=True)
