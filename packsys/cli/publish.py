"""The command that publishes a pack to a running service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from packsys.cli.address import find_address
from packsys.cli.ask import asks_service
from packsys.client import Packsys


def tells_bundle(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say what a bundle of the Coda SDK does not know; its package.json may say it too."""
    number = click.option("--id", "pack_id", type=int, help="The pack's number, for a bundle of the Coda SDK.")
    name = click.option("--name", help="The pack's name, for a bundle of the Coda SDK.")
    web = click.option("--web", is_flag=True, default=None, help="Give a pack in JavaScript URL, TextEncoder, timers.")
    return number(name(web(command)))


def told(*, pack_id: int | None, name: str | None, web: bool | None) -> Mapping[str, Any]:
    """Gives what was said with those options."""
    said = {"id": pack_id, "name": name, "web": web}
    return {option: value for option, value in said.items() if value is not None}


@click.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@tells_bundle
@asks_service
def add(path: Path, *, url: str | None, key: str | None, **options: Any) -> None:
    """Publishes the pack in PATH to a running service.

    PATH is a folder, an archive, or a file: pack.py, pack.json, pack.ts, which is built first, or a bundle.js of the
    Coda SDK. The service needs a key with the scope 'packs'. The pack's code is read and runs behind the walls of a
    sandbox, here and there.
    """
    from packsys.cli.archive import read_archive

    archive = read_archive(path, told=told(**options))
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        published = service.packs.publish(archive)
    click.echo(f"{published['name']} {published['version']} ({published['id']}) {published['digest']}")
