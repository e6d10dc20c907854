"""Makes the archive of a pack, whatever it is written in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packsys.catalog.bundle import Bundle, archive, sources
from packsys.cli.typescript import build_bundle, package_of
from packsys.errors import BrokenPack, RequestError

ENTRY = {".py": "pack.py", ".json": "pack.json", ".js": "bundle.js"}
"""The name that a single file has in its archive, by its suffix."""


def read_archive(path: Path, *, told: Mapping[str, Any] | None = None) -> bytes:
    """Makes the archive of a folder or of a single file, built first if it is TypeScript; an archive is given as it is.

    ``told`` are ``id``, ``name`` and ``web``, which a bundle of the Coda SDK does not know; without them, what
    ``package.json`` says counts. Raises BrokenPack and RequestError.
    """
    if path.suffix == ".zip":
        return _read(path)
    source, folder = _source(path), path if path.is_dir() else path.parent
    known = {**package_of(folder), **(told or {})}
    files = _files(source, web=known.get("web") is True)
    return archive(files, described(files, known))


def is_script(path: Path) -> bool:
    """Tells whether a pack is written in JavaScript or TypeScript."""
    if path.is_dir():
        return not (path / "pack.py").exists() and any((path / f"{each}").exists() for each in _SCRIPTS)
    return path.suffix in (".ts", ".js", ".json")


_SCRIPTS = ("pack.ts", "bundle.js", "pack.json")


def described(files: Mapping[str, bytes], told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Reads the manifest that a pack's code declares, behind the walls of its sandbox."""
    from packsys.sandbox.runtimes import describers

    runtime = "python" if "pack.py" in files else "javascript"
    known = {"id": None, "name": None, **told, "version": "", **_definition(files)}
    if runtime == "javascript" and not (known["id"] and known["name"]):
        raise RequestError(
            "A bundle of the Coda SDK knows neither its number nor its name: give --id and --name, or write "
            '"packsys": {"id": 9999, "name": "Todo"} into its package.json.'
        )
    manifest = describers()[runtime](Bundle(digest="", manifest=known, files=files))
    version = manifest["version"] or (manifest.get("coda") or {}).get("version") or told.get("version") or "1.0.0"
    return {"runtime": runtime, **manifest, "version": version}


def _source(path: Path) -> Path:
    typescript = path / "pack.ts" if path.is_dir() and not (path / "pack.py").exists() else path
    if typescript.suffix == ".ts" and typescript.exists():
        return build_bundle(typescript)
    if not path.is_dir() and path.suffix not in ENTRY:
        raise RequestError(
            f"{path} is no pack: give a folder, an archive, or a file that ends in .py, .json, .js or .ts."
        )
    return path


def _files(source: Path, *, web: bool) -> dict[str, bytes]:
    files = sources(source) if source.is_dir() else {ENTRY[source.suffix]: _read(source)}
    if not web:
        return files
    if "bundle.js" not in files:
        raise RequestError('The web is for bundles of the Coda SDK: write "web": true into a pack.json instead.')
    return {**files, "packsys.json": b'{"web": true}'}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}.") from error


def _definition(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    try:
        found = json.loads(files.get("pack.json", b"{}"))
    except ValueError as error:
        raise BrokenPack(f"pack.json is not JSON: {error}.") from error
    written = found if isinstance(found, dict) else {}
    return {key: written[key] for key in ("id", "name", "version") if key in written}
