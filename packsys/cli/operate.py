"""Commands that run the house."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from packsys.model import Key, Scope
from packsys.settings import Settings
from packsys.starting import without_collecting

if TYPE_CHECKING:
    from packsys.cli.system import System


@click.command()
@click.option("--port", default=8000, show_default=True, help="Port of the service.")
@click.option("--flower-port", default=5555, show_default=True, help="Port of Flower.")
@click.option("--slots", default=4, show_default=True, help="How many calls run at once.")
@click.option(
    "--pack", "packs", multiple=True, help="A pack to serve: module, file or folder. Default: those that ship."
)
@click.option("--allow-network", "networks", multiple=True, help="Private network that packs may reach, as CIDR.")
@click.option(
    "--home", type=click.Path(path_type=Path), help="Where data lives. Default: $PACKSYS_HOME, else .packsys/up."
)
def up(
    *, port: int, flower_port: int, slots: int, packs: tuple[str, ...], networks: tuple[str, ...], home: Path | None
) -> None:
    """Runs everything on this machine: real servers of its own, service, worker, beat, Flower."""
    from packsys.cli import address
    from packsys.cli.system import Plan, System

    plan = Plan(
        directory=home or address.home(),
        port=port,
        flower_port=flower_port,
        slots=slots,
        packs=packs or Settings.packs,
        allowed_networks=networks,
        metrics_token=os.environ.get("PACKSYS_METRICS_TOKEN", ""),
        metrics_address=os.environ.get("PACKSYS_METRICS_ADDRESS", ""),
    )
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with System(plan) as system, address.announced(system.directory, system.url, system.key):
            click.echo(_addresses(system))
            system.watch()
    except KeyboardInterrupt:
        click.echo("\nstopped", err=True)


def _addresses(system: System) -> str:
    flower = f"http://{system.plan.host}:{system.plan.flower_port}"
    return "\n".join(
        [
            f"service  {system.url}/docs",
            f"key      {system.key}",
            f"flower   {flower}  (user packsys, password {system.flower_password})",
            "beat     every 2 s",
            f"logs     {system.directory}",
            "Submit a formula from another terminal: packsys formula '=1 + 1'. Ctrl-C stops everything.",
        ]
    )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--fd", type=int, help="Serve on this inherited socket instead of a port.")
@click.option("--migrate/--no-migrate", "migrating", default=False, help="Bring the database to its newest form first.")
def serve(*, host: str, port: int, fd: int | None, migrating: bool) -> None:
    """Runs the submission service; settings come from PACKSYS_… variables."""
    with without_collecting():
        from packsys.bootstrap import serving
        from packsys.service.server import serve as serve_house
        from packsys.telemetry import Hidden, set_up_logging

        settings, hidden = Settings.from_environ(os.environ), Hidden()
        set_up_logging(format=settings.log_format, hide=hidden)
        token = os.environ.get("PACKSYS_DEVELOPMENT_KEY")
        services = serving(settings, migrating=migrating, development_key=token, hidden=hidden)
    serve_house(services, host=host, port=port, fd=fd)


@click.command()
def migrate() -> None:
    """Brings the database to its newest form; running it twice is harmless."""
    from packsys.store.schema import migrate as bring

    bring(Settings.from_environ(os.environ).database_url)


@click.group()
def key() -> None:
    """Makes and ends API keys."""


@key.command("new")
@click.argument("name")
@click.option("--workspace", default="default", show_default=True)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([each.value for each in Scope]),
    default=[str(each) for each in Key.scopes],
    show_default=True,
    help="What the key may do; repeat it for more. jobs: run formulas. connections: connect accounts. packs: publish. "
    "syncs: sync tables.",
)
def new_key(name: str, *, workspace: str, scopes: tuple[str, ...]) -> None:
    """Makes an API key and shows it: it is not kept and cannot be shown again."""
    from packsys.bootstrap import wire
    from packsys.runtime.keys import digest_of, issue

    made, token = issue(name, workspace, randomness=secrets.token_bytes, now=datetime.now(UTC), scopes=scopes)
    wire(Settings.from_environ(os.environ)).keys.add(made, digest_of(token))
    click.echo(token)


@key.command("list")
@click.option("--workspace", default="default", show_default=True)
def list_keys(*, workspace: str) -> None:
    """Lists the API keys of a workspace, without their secrets."""
    from packsys.bootstrap import wire

    for kept in wire(Settings.from_environ(os.environ)).keys.list(workspace=workspace):
        state = f"revoked {kept.revoked_at:%Y-%m-%d}" if kept.revoked_at else "active"
        click.echo(f"{kept.id}  {kept.name}  {state}  {' '.join(kept.scopes)}")


@key.command("revoke")
@click.argument("key_id")
def revoke_key(key_id: str) -> None:
    """Ends an API key; requests with it are refused from the next second on."""
    from packsys.bootstrap import wire

    if not wire(Settings.from_environ(os.environ)).keys.revoke(key_id):
        raise click.ClickException(f"There is no active key {key_id!r}.")


@key.command("vault")
@click.option("--name", default="key-1", show_default=True, help="The name that sealed rows refer to.")
def vault_key(*, name: str) -> None:
    """Makes a key-encryption key for PACKSYS_VAULT_KEYS. Keep it: without it no connection can be opened."""
    click.echo(f"{name}:{b64encode(secrets.token_bytes(32)).decode()}")
