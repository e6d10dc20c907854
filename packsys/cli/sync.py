"""Commands for sync tables. A table is named by its name, or by its id."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click
from rich.console import Console

from packsys.cli.address import find_address
from packsys.cli.ask import asks_service
from packsys.cli.syncscreen import follow, rhythm, row_list, run_list, summary, sync_list
from packsys.cli.values import print_value, read_variable
from packsys.client import Packsys, View
from packsys.errors import NotFound, RequestError

LOOK = 0.3
"""Seconds for which the service waits on a run before the screen is drawn again."""


@click.group()
def sync() -> None:
    """Makes, runs and shows sync tables."""


def rhythm_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options that say when a table is synced."""
    for option in (
        click.option("--jitter", default=0.0, help="Seconds over which schedules of one rhythm are spread."),
        click.option("--timezone", default="UTC", show_default=True, help="The time zone of --cron."),
        click.option("--cron", help="Minute, hour, day, month and weekday."),
        click.option("--every", type=float, help="Seconds."),
    ):
        command = option(command)
    return command


@sync.command()
@click.argument("pack")
@click.argument("table")
@click.option("--name", default="", help="What other commands call it. Default: TABLE.")
@click.option("--account", help="Name or id of the connected account to read with.")
@click.option("--arg", "given", multiple=True, metavar="NAME=VALUE", help="A parameter of the table, as JSON or text.")
@click.option("--callback", help="Address that is told of the end of each run, by a signed message.")
@click.option("--strikes", default=2, show_default=True, help="Complete runs that must miss a row to delete it.")
@rhythm_options
@asks_service
def create(
    pack: str,
    table: str,
    *,
    name: str,
    account: str | None,
    given: tuple[str, ...],
    callback: str | None,
    strikes: int,
    every: float | None,
    cron: str | None,
    timezone: str,
    jitter: float,
    url: str | None,
    key: str | None,
) -> None:
    """Makes an instance of TABLE, a sync table of PACK, and prints its name and id. It is not synced yet."""
    with asking(url, key) as service:
        made = service.syncs.create(
            pack=pack,
            table=table,
            name=name or table,
            account=_account(service, account) if account else None,
            parameters=dict(map(read_variable, given)),
            guard={"strikes": strikes},
            callback=callback,
            timezone=timezone,
            schedule={"every": every, "cron": cron, "timezone": timezone, "jitter": jitter},
        )
    click.echo(f"{made['name']} {made['id']}")


@sync.command("list")
@asks_service
def list_syncs(*, url: str | None, key: str | None) -> None:
    """Lists the sync tables of the workspace."""
    with asking(url, key) as service:
        Console().print(sync_list(service.syncs.list()))


@sync.command()
@click.argument("table")
@asks_service
def status(table: str, *, url: str | None, key: str | None) -> None:
    """Shows TABLE with its schedule and its last run, as JSON."""
    with asking(url, key) as service:
        print_value(dict(found(service, table)))


@sync.command()
@click.argument("table")
@click.option("--full", is_flag=True, help="Read everything, not only what changed.")
@click.option("--no-wait", is_flag=True, help="Start the run, and do not wait for its end.")
@asks_service
def run(table: str, *, full: bool, no_wait: bool, url: str | None, key: str | None) -> None:
    """Syncs TABLE now, shows how far it is, and says what changed; exits with 1 when it failed."""
    with asking(url, key) as service:
        begun = service.syncs.start(found(service, table)["id"], mode="full" if full else "incremental")
        if no_wait:
            click.echo(begun["id"])
            return
        ended = follow(Console(stderr=True), begun, look=lambda: service.syncs.run(begun["id"], wait=LOOK))
    click.echo(summary(ended))
    if ended["state"] in ("failed", "cancelled"):
        raise SystemExit(1)


@sync.command()
@click.argument("table")
@click.option("--where", multiple=True, metavar="TERM", help="What rows must be like, such as Stars>=5.")
@click.option("--sort", default="", help="Property to sort by, backwards behind a -. Default: by key.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--cursor", help="Where to begin: what the page before said.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@asks_service
def rows(
    table: str,
    *,
    where: tuple[str, ...],
    sort: str,
    limit: int,
    cursor: str | None,
    as_json: bool,
    url: str | None,
    key: str | None,
) -> None:
    """Shows rows of TABLE."""
    with asking(url, key) as service:
        kept = found(service, table)
        page = service.syncs.page(kept["id"], where=where, sort=sort, limit=limit, cursor=cursor)
    if as_json:
        print_value([row["values"] for row in page["rows"]])
        return
    Console().print(row_list(kept, page["rows"]))
    if page["next"]:
        click.echo(f"There are more: --cursor {page['next']}")


@sync.command()
@click.argument("table")
@click.option("--after", default=0, help="The number of the last change seen.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000))
@asks_service
def changes(table: str, *, after: int, limit: int, url: str | None, key: str | None) -> None:
    """Shows what happened to the rows of TABLE, one change a line."""
    with asking(url, key) as service:
        for each in service.syncs.changes(found(service, table)["id"], after=after, limit=limit):
            click.echo(f"{each['number']}  {each['at']}  {each['operation']}  {each['key']}")


@sync.command()
@click.argument("table")
@asks_service
def runs(table: str, *, url: str | None, key: str | None) -> None:
    """Lists the runs of TABLE, the newest first."""
    with asking(url, key) as service:
        Console().print(run_list(service.syncs.runs(found(service, table)["id"])))


@sync.command()
@click.argument("table")
@click.option("--full/--incremental", default=True, show_default=True)
@click.option("--pages", default=1, show_default=True, type=click.IntRange(1, 10))
@asks_service
def preview(table: str, *, full: bool, pages: int, url: str | None, key: str | None) -> None:
    """Says what the first pages of a run of TABLE would change; nothing is kept."""
    with asking(url, key) as service:
        mode = "full" if full else "incremental"
        print_value(dict(service.syncs.preview(found(service, table)["id"], mode=mode, pages=pages)))


@sync.command()
@click.argument("table")
@asks_service
def pause(table: str, *, url: str | None, key: str | None) -> None:
    """Lets no run of TABLE start, and the one under way rest."""
    with asking(url, key) as service:
        click.echo(f"{service.syncs.pause(found(service, table)['id'])['name']} paused")


@sync.command()
@click.argument("table")
@asks_service
def resume(table: str, *, url: str | None, key: str | None) -> None:
    """Lets TABLE go on: after a pause, or where its last run failed or was cancelled."""
    with asking(url, key) as service:
        kept = service.syncs.resume(found(service, table)["id"])
        last = kept["last_run"]
        if last and last["state"] in ("failed", "cancelled"):
            service.syncs.resume_run(last["id"])
        click.echo(f"{kept['name']} goes on")


@sync.command()
@click.argument("table")
@asks_service
def cancel(table: str, *, url: str | None, key: str | None) -> None:
    """Ends the run of TABLE that is under way."""
    with asking(url, key) as service:
        click.echo(summary(service.syncs.cancel(_last_run(service, table)["id"])))


@sync.command()
@click.argument("table")
@click.option("--refuse", is_flag=True, help="End the run and delete nothing.")
@asks_service
def approve(table: str, *, refuse: bool, url: str | None, key: str | None) -> None:
    """Lets the run of TABLE delete what it asks to delete."""
    with asking(url, key) as service:
        begun = service.syncs.approve(_last_run(service, table)["id"], approved=not refuse)
        click.echo(summary(service.syncs.wait(begun["id"])))


@sync.command()
@click.argument("table")
@asks_service
def reset(table: str, *, url: str | None, key: str | None) -> None:
    """Ends the run of TABLE that is under way, and has the next one read everything."""
    with asking(url, key) as service:
        click.echo(f"{service.syncs.reset(found(service, table)['id'])['name']} will be read anew")


@sync.command()
@click.argument("table")
@click.option("--replay", is_flag=True, help="Keep those that fit by now.")
@click.option("--discard", multiple=True, type=int, metavar="ID", help="Forget this one.")
@asks_service
def rejects(table: str, *, replay: bool, discard: tuple[int, ...], url: str | None, key: str | None) -> None:
    """Shows the rows of TABLE that were set aside, one a line with the reasons; replays or discards them."""
    with asking(url, key) as service:
        id = found(service, table)["id"]
        if replay:
            print_value(dict(service.syncs.replay(id)))
        elif discard:
            click.echo(f"{service.syncs.discard(id, discard)} discarded")
        else:
            for each in service.syncs.rejects(id):
                said = "; ".join(f"{why['path']}: {why['message']}" for why in each["reasons"])
                click.echo(f"{each['id']}  {each['key'] or '-'}  {said}")


@sync.command()
@click.argument("table")
@rhythm_options
@click.option("--paused", is_flag=True, help="Keep the rhythm, and do not fire.")
@asks_service
def schedule(table: str, *, url: str | None, key: str | None, **terms: Any) -> None:
    """Says when TABLE is synced from now on: --every or --cron, or without either only when asked."""
    with asking(url, key) as service:
        kept = service.syncs.schedule(found(service, table)["id"], **terms)
    due = f", next at {kept['next_due']}" if kept["next_due"] else ""
    click.echo(f"{rhythm(kept)}{due}")


@sync.command()
@click.argument("table")
@click.confirmation_option(prompt="Its rows and its history are deleted. Go on?")
@asks_service
def delete(table: str, *, url: str | None, key: str | None) -> None:
    """Deletes TABLE with its rows and its history."""
    with asking(url, key) as service:
        click.echo(f"{service.syncs.delete(found(service, table)['id'])['name']} deleted")


@contextmanager
def asking(url: str | None, key: str | None) -> Iterator[Packsys]:
    """Gives a client of the service that is meant."""
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        yield service


def found(service: Packsys, table: str) -> View:
    """Finds a table by name or id; raises NotFound, and RequestError where several have the name."""
    kept = service.syncs.list()
    named = [each for each in kept if each["id"] == table] or [each for each in kept if each["name"] == table]
    if not named:
        names = ", ".join(each["name"] for each in kept)
        raise NotFound(f"There is no sync table {table!r}; there are {names or 'none'}.")
    if len(named) > 1:
        raise RequestError(f"{len(named)} sync tables are called {table!r}: give the id, as 'packsys sync list' shows.")
    return named[0]


def _last_run(service: Packsys, table: str) -> View:
    last: View | None = found(service, table)["last_run"]
    if last is None:
        raise NotFound(f"{table} was never run.")
    return last


def _account(service: Packsys, account: str) -> str:
    for each in service.connections.list():
        if account in (each["id"], each["name"]) and each["state"] != "revoked":
            return str(each["id"])
    raise NotFound(f"There is no connected account {account!r}: 'packsys connections list' shows those that there are.")
