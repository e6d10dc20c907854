"""The command that publishes a pack to an installation."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from packsys.cli.address import FILE, home
from packsys.errors import BrokenPack, RequestError
from packsys.settings import Settings


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--id", "pack_id", type=int, help="The pack's number: a bundle of the Coda SDK does not say it.")
@click.option("--name", help="The pack's name: a bundle of the Coda SDK does not say it.")
def add(path: Path, *, pack_id: int | None, name: str | None) -> None:
    """Publishes the pack in PATH to this installation: a folder, an archive, or a bundle.js of the Coda SDK.

    The installation is that of $PACKSYS_DATABASE_URL and its companions, else the one of 'packsys up'. The pack's
    code is read and runs behind the walls of a sandbox.
    """
    from packsys.bootstrap import wire

    archive = read_archive(path, pack_id=pack_id, name=name)
    published = wire(installation()).publish(archive, os.environ.get("USER", ""))
    click.echo(f"{published.name} {published.version} ({published.pack_id}) {published.digest}")


def read_archive(path: Path, *, pack_id: int | None = None, name: str | None = None) -> bytes:
    """Makes the archive of a folder or of a single bundle; gives what is an archive as it is. Raises BrokenPack."""
    from packsys.catalog.bundle import archive, pack

    if path.is_dir():
        files = {each.name: each.read_bytes() for each in path.iterdir() if each.is_file()}
        return pack(path, described(files, pack_id=pack_id, name=name))
    if path.suffix == ".js":
        files = {"bundle.js": path.read_bytes()}
        return archive(files, described(files, pack_id=pack_id, name=name))
    return path.read_bytes()


def described(files: Mapping[str, bytes], *, pack_id: int | None, name: str | None) -> Mapping[str, Any]:
    """Reads the manifest that a pack's code declares, behind the walls of its sandbox."""
    from packsys.bootstrap import describers
    from packsys.catalog.bundle import Bundle

    runtime = "python" if "pack.py" in files else "javascript"
    told = {"id": pack_id, "name": name, "version": "", **_definition(files)}
    if runtime == "javascript" and not (told["id"] and told["name"]):
        raise RequestError("A bundle of the Coda SDK knows neither its number nor its name: give --id and --name.")
    manifest = describers()[runtime](Bundle(digest="", manifest=told, files=files))
    version = manifest["version"] or (manifest.get("coda") or {}).get("version") or "1.0.0"
    return {"runtime": runtime, **manifest, "version": version}


def _definition(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    try:
        found = json.loads(files.get("pack.json", b"{}"))
    except ValueError as error:
        raise BrokenPack(f"pack.json is not JSON: {error}.") from error
    return {key: found[key] for key in ("id", "name", "version") if key in found} if isinstance(found, dict) else {}


def installation() -> Settings:
    """Finds the installation to publish to; raises RequestError when there is none."""
    if "PACKSYS_DATABASE_URL" in os.environ:
        return Settings.from_environ(os.environ)
    if not (home() / FILE).exists():
        raise RequestError("No installation is known here: start one with 'packsys up', or set PACKSYS_DATABASE_URL.")
    from packsys.cli.system import Plan, System

    return System(Plan(directory=home())).settings
