"""Chooses who PostgreSQL runs as: it refuses root, and packsys must work as root too."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from packsys.errors import WrongSetUp

GUARD = Path(__file__).with_name("guard.py")
NOBODY = 65534


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Is who a server runs as: us, us under another number, or really another user."""

    kind: Literal["self", "namespace", "user"] = "self"
    uid: int = NOBODY
    gid: int = NOBODY

    @property
    def word(self) -> str:
        """Spells the identity for the guard."""
        return "self" if self.kind == "self" else f"{self.kind}:{self.uid}:{self.gid}"

    def owns(self, path: Path) -> None:
        """Gives a path of ours to this identity."""
        if self.kind == "user":
            os.chown(path, self.uid, self.gid)

    def reaches(self, path: Path) -> bool:
        """Says whether this identity can walk to a path: another user needs every folder above to let it through."""
        return self.kind != "user" or all(folder.stat().st_mode & 0o001 for folder in path.parents)


def guarded(identity: Identity, farewell: signal.Signals, *command: str) -> list[str]:
    """Gives the command line that runs a command under an identity, no longer than we live."""
    guard = [sys.executable, "-I", "-S", str(GUARD), str(os.getpid()), str(int(farewell)), identity.word]
    return [*guard, *command]


def works(identity: Identity) -> bool:
    """Tries an identity on a process that does nothing."""
    return subprocess.run(guarded(identity, signal.SIGKILL), capture_output=True, check=False).returncode == 0


def another_user() -> Identity:
    """Finds the account that a root without user namespaces can become; raises WrongSetUp where it cannot."""
    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        identity = Identity(kind="user", uid=account.pw_uid, gid=account.pw_gid)
        if works(identity):
            return identity
    raise WrongSetUp(
        "PostgreSQL does not run as root, and here root can neither make a user namespace nor become the user "
        "postgres or nobody. Run packsys as an ordinary user, or give PACKSYS_DATABASE_URL a server of your own."
    )


def choose(*, namespaces: bool = True) -> Identity:
    """Gives the first that works: ourselves when we are not root, a user namespace, another user."""
    if os.geteuid() != 0:
        return Identity()
    inside = Identity(kind="namespace")
    return inside if namespaces and sys.platform == "linux" and works(inside) else another_user()
