"""Commands for connected accounts."""

from __future__ import annotations

import sys
import webbrowser

import click
from rich.console import Console
from rich.table import Table

from packsys.cli.address import find_address
from packsys.cli.ask import asks_service
from packsys.cli.loopback import Loopback
from packsys.client import Packsys


@click.command()
@click.argument("pack")
@click.argument("name")
@click.option("--endpoint", default="", help="Base URL of a service that you host yourself.")
@click.option("--id", "connection", help="Id to give the connection, a UUID. Default: a new one.")
@click.option("--field", "fields", multiple=True, help="A field that the pack asks for in place of one token.")
@click.option("--sign-in", is_flag=True, help="Sign in at the service in a browser (OAuth 2).")
@click.option("--no-browser", is_flag=True, help="Print the address to sign in at, and open nothing.")
@asks_service
def connect(
    pack: str,
    name: str,
    *,
    endpoint: str,
    connection: str | None,
    fields: tuple[str, ...],
    sign_in: bool,
    no_browser: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Connects an account of PACK under NAME.

    Asks for its token, or for each --field, or reads them from standard input, one a line. With --sign-in the service
    of the pack asks you itself, in a browser on this machine.
    """
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        if sign_in:
            made = _signed_in(service, pack, name, endpoint, connection, opens=not no_browser)
            click.echo(f"{name} {made}")
            return
        entered = {field: _entered(field) for field in fields or ("Token",)}
        secret = {"fields": entered} if fields else {"token": entered["Token"]}
        kept = service.connections.connect(pack=pack, name=name, endpoint=endpoint, connection=connection, **secret)
        click.echo(f"{kept['name']} {kept['id']}")


def _signed_in(service: Packsys, pack: str, name: str, endpoint: str, connection: str | None, *, opens: bool) -> str:
    with Loopback() as loopback:
        begun = service.connections.begin_sign_in(
            pack=pack, name=name, endpoint=endpoint, connection=connection, redirect=loopback.url
        )
        click.echo(f"Sign in at {begun['authorization_url']}", err=True)
        if opens:
            webbrowser.open(begun["authorization_url"])
        service.connections.finish_sign_in(loopback.wait(begun["authorization_url"], seconds=begun["expires_in"]))
    return str(begun["connection"])


def _entered(field: str) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(field, hide_input=True))
    return sys.stdin.readline().strip()


@click.group()
def connections() -> None:
    """Shows and ends connected accounts."""


@connections.command("list")
@asks_service
def list_connections(*, url: str | None, key: str | None) -> None:
    """Lists the connected accounts of the workspace."""
    address = find_address(url=url, key=key)
    table = Table("id", "name", "pack", "state", "last used", box=None, pad_edge=False)
    with Packsys(address.url, address.key) as service:
        for each in service.connections.list():
            state = f"{each['state']} ({each['reason']})" if each["reason"] else each["state"]
            table.add_row(each["id"], each["name"], str(each["pack_id"]), state, each["last_used_at"] or "never")
    Console().print(table)


@connections.command("revoke")
@click.argument("connection")
@asks_service
def revoke(connection: str, *, url: str | None, key: str | None) -> None:
    """Ends CONNECTION: its secret is thrown away, and the service told to end its tokens."""
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        ended = service.connections.disconnect(connection)
    click.echo(f"{ended['name']} {ended['state']}")


@connections.command("audit")
@click.argument("connection")
@asks_service
def audit(connection: str, *, url: str | None, key: str | None) -> None:
    """Shows what happened to CONNECTION, oldest first; exits with 1 when its history was changed."""
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        history = service.connections.audit(connection)
    for line in history["lines"]:
        said = " ".join(filter(None, [line["action"], line["detail"]]))
        click.echo(f"{line['at']}  {line['actor'] or '-'}  {line['source'] or '-'}  v{line['version']}  {said}")
    if not history["intact"]:
        raise click.ClickException("This history was changed after it was written.")


@click.group("oauth-client")
def oauth_client() -> None:
    """Sets what this workspace is to the services that people sign in at."""


@oauth_client.command("set")
@click.argument("pack")
@click.option("--client-id", required=True, help="The id that the service gave you.")
@asks_service
def set_client(pack: str, *, client_id: str, url: str | None, key: str | None) -> None:
    """Sets the client of PACK; asks for its secret, or reads it from standard input (empty for a public client)."""
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        kept = service.connections.set_oauth_client(pack, client_id=client_id, client_secret=_entered("Client secret"))
    click.echo(f"{pack} {kept['client_id']}")
