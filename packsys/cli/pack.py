"""Commands that make, check, test and build a pack."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from packsys.catalog.bundle import pack as archive_of
from packsys.catalog.bundle import unpack
from packsys.catalog.manifest import describe
from packsys.catalog.validation import validate
from packsys.cli.archive import is_script, read_archive
from packsys.cli.author import run
from packsys.cli.packwatch import changes
from packsys.cli.publish import add, tells_bundle, told
from packsys.cli.rows import rows
from packsys.cli.starter import write_starter
from packsys.errors import PacksysError, RequestError
from packsys.sandbox.loading import load_pack


@click.group()
def pack() -> None:
    """Makes, checks, tests and builds packs.

    Start with 'packsys pack init weather', and keep 'packsys pack watch weather' running while you write. All of
    these run the pack's code in this process, unprotected: use them on packs that you trust.
    """


pack.add_command(run)
pack.add_command(add)
pack.add_command(rows)


@pack.command()
@click.argument("name")
@click.option("--id", "number", default=9999, show_default=True, help="The pack's number.")
@click.option("--typescript", is_flag=True, help="Write it in TypeScript, with the Coda SDK.")
def init(name: str, *, number: int, typescript: bool) -> None:
    """Writes a pack to start from into the new folder NAME: its code, its tests, its README."""
    folder = write_starter(Path.cwd(), name, number, typescript=typescript)
    if typescript:
        click.echo(f"{folder.name}/pack.ts is yours. Next: npm install --prefix {folder.name}")
    else:
        click.echo(f"{folder.name}/pack.py is yours. Next: packsys pack watch {folder.name}")


@pack.command()
@click.argument("path", type=click.Path(path_type=Path))
def check(path: Path) -> None:
    """Checks the pack in PATH, a file, a folder or a built archive, against every rule, and says what it brings."""
    click.echo(_summary(_manifest(path)))


@pack.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.argument("words", nargs=-1, metavar="[PYTEST ARGUMENTS]…")
def test(path: Path, *, words: tuple[str, ...]) -> None:
    """Runs the tests beside the pack in PATH with pytest; what follows '--' goes to pytest."""
    if _tested(path, *words):
        raise Broken(f"The tests of {path} fail: mend the pack, or the tests.")


@pack.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
def watch(path: Path) -> None:
    """Checks and tests the pack in PATH whenever one of its files changes, until you press Ctrl-C."""
    for _ in changes(path):
        click.clear()
        try:
            click.echo(_summary(_manifest(path)))
            _tested(path, "-q")
        except PacksysError as error:
            click.echo(error.message, err=True)


@pack.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Default: NAME-VERSION.zip, here.")
@tells_bundle
def build(path: Path, *, output: Path | None, **options: Any) -> None:
    """Builds the archive of the pack in PATH: the same bytes, and the same digest, wherever it is built.

    PATH is a folder, or a pack.ts, which the Coda SDK beside it compiles to a bundle.js by means of node.
    """
    content = _built(path, told(**options))
    bundle = unpack(content)
    target = output or Path(f"{bundle.manifest['name'].lower()}-{bundle.manifest['version']}.zip")
    target.write_bytes(content)
    click.echo(f"{target} {len(content)} bytes, sha256 {bundle.digest}")


class Broken(PacksysError):
    """The pack does not do what its tests say."""

    code = "Pack"


def _built(path: Path, said: Mapping[str, Any]) -> bytes:
    return archive_of(path, _manifest(path)) if path.is_dir() and not is_script(path) else read_archive(path, told=said)


def _manifest(path: Path) -> Mapping[str, Any]:
    if path.suffix == ".zip" or is_script(path):
        return unpack(read_archive(path)).manifest
    return validate(describe(load_pack(path)))


def _tested(path: Path, *words: str) -> int:
    if find_spec("pytest") is None:
        raise RequestError("There is no pytest here: install it with 'pip install pytest'.")
    folder = path if path.is_dir() else path.parent
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(folder), *words]
    return subprocess.run(command, check=False).returncode


def _summary(manifest: Mapping[str, Any]) -> str:
    brought = [
        _counted(sum(not each["is_action"] for each in manifest["formulas"]), "formula"),
        _counted(sum(each["is_action"] for each in manifest["formulas"]), "action"),
        _counted(len(manifest.get("sync_tables", ())), "sync table"),
        _counted(len(manifest.get("column_formats", ())), "column format"),
    ]
    reach = ", ".join(manifest["domains"]) or "no domains"
    said = ", ".join(each for each in brought if each) or "nothing"
    signs = manifest["authentication"]["kind"] if manifest["authentication"] else "no account"
    return f"{manifest['name']} {manifest['version']} is in order: {said}; {reach}; {signs}."


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count > 1)}" if count else ""
