"""Builds a pack that is written in TypeScript with the Coda SDK, by that SDK's own compiler."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from packsys.errors import BrokenPack, RequestError

SDK = "@codahq/packs-sdk"
SLOWEST = 300
"""Seconds that the compiler may take; it takes two where it is warm."""


def build_bundle(source: Path) -> Path:
    """Compiles a pack and gives its ``bundle.js``, which lies beside the source, the same wherever it is built.

    Raises RequestError that says what to install, and BrokenPack with what the compiler said.
    """
    node = shutil.which("node")
    if node is None:
        raise RequestError(
            "There is no node here, which builds packs in TypeScript: install Node.js 20 or newer, then try again. "
            "A bundle.js that was built elsewhere needs none."
        )
    folder = source.resolve().parent
    _check_sdk(folder)
    with _workplace(folder) as made:
        _compile(node, source.name, made)
        return Path(shutil.move(made / "bundle.js", folder / "bundle.js"))


def package_of(folder: Path) -> Mapping[str, Any]:
    """Reads what the ``package.json`` of a pack says about it: the version, and what is under ``packsys``.

    That is ``id``, ``name`` and ``web``, which a bundle of the SDK does not know.
    """
    file = folder / "package.json"
    try:
        found = json.loads(file.read_text("utf-8")) if file.is_file() else {}
    except ValueError as error:
        raise BrokenPack(f"{file} is not JSON: {error}.") from error
    if not isinstance(found, dict) or not isinstance(found.get("packsys", {}), dict):
        raise BrokenPack(f'{file} holds no object, or none under "packsys": write one there, or remove the file.')
    told = {**found.get("packsys", {}), "version": found.get("version")}
    return {key: value for key, value in told.items() if value is not None}


def _check_sdk(folder: Path) -> None:
    if not any((each / "node_modules" / SDK).is_dir() for each in (folder, *folder.parents)):
        raise RequestError(f"There is no {SDK} beside the pack: run 'npm install --save-dev {SDK}' in {folder}.")


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    # The compiler writes paths into the bundle, so that its place must be called the same at every build.
    made = folder / ".packsys-build"
    made.mkdir(exist_ok=True)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _compile(node: str, source: str, made: Path) -> None:
    with as_file(files("packsys.cli").joinpath("typescript.js")) as script:
        command = [node, str(script), source, made.name]
        try:
            done = subprocess.run(
                command, cwd=made.parent, capture_output=True, text=True, timeout=SLOWEST, check=False
            )
        except subprocess.TimeoutExpired as slow:
            raise BrokenPack(f"{source} was not built within {SLOWEST} seconds: look what its build does.") from slow
    if done.returncode != 0:
        raise BrokenPack(f"{source} cannot be built.\n{done.stderr.strip()}")
