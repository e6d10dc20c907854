"""Commands for the results that are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TextIO

import click
from rich.console import Console
from rich.table import Table

from packsys.cli.address import find_address
from packsys.cli.ask import asks_service
from packsys.cli.system import installation
from packsys.client import Packsys

_ROWS = (
    ("L1, in the process", "l1_hits", "l1_misses", "", "l1_evictions"),
    ("L2, cache server", "l2_hits", "misses", "l2_stale", ""),
    ("L3, database", "l3_hits", "l3_misses", "", ""),
)
_FLIGHTS = ("flights_led", "flights_joined", "flights_handed", "refreshes", "alone")


@click.group()
def cache() -> None:
    """Shows, fills and empties what is kept of results."""


@cache.command()
def stats() -> None:
    """Shows by level how often a kept result helped, in all workers, since the cache server last forgot."""
    from packsys.bootstrap import wire

    screen, counts = Console(), wire(installation()).cache.counts()
    screen.print(_levels(counts))
    screen.print("\n".join(f"{name.replace('_', ' ')}: {counts.get(name, 0)}" for name in _FLIGHTS))


@cache.command()
@click.option("--pack", type=int, help="Number of a pack: forgets the results of all its formulas.")
@click.option("--version", default="", help="Forgets those of this version of the pack only.")
@click.option("--formula", help="Forgets those of this formula of the pack only, in the workspace.")
@click.option("--connection", help="Id of a connected account: forgets what was read with it.")
@click.option("--workspace", default="default", show_default=True, help="Whose account, or formula, it is.")
@click.option("--tag", "tags", multiple=True, help="Forgets whatever has this tag, such as workspace:default.")
def clear(
    *,
    pack: int | None,
    version: str,
    formula: str | None,
    connection: str | None,
    workspace: str,
    tags: tuple[str, ...],
) -> None:
    """Forgets kept results everywhere, and those that are on their way.

    Workers may use what they hold for two more seconds.
    """
    from packsys.bootstrap import wire
    from packsys.runtime.recall import connection_tag, formula_tag, pack_tag

    if (version or formula) and pack is None:
        raise click.UsageError("--version and --formula need --pack.")
    if version and formula:
        raise click.UsageError("Give --version or --formula.")
    packs = () if pack is None else (formula_tag(workspace, pack, formula) if formula else pack_tag(pack, version),)
    accounts = () if connection is None else (connection_tag(workspace, connection),)
    forgotten = (*packs, *accounts, *tags)
    if not forgotten:
        raise click.UsageError("Say what to forget: --pack, --connection or --tag.")
    wire(installation()).forget(forgotten)
    click.echo(f"forgotten: {', '.join(forgotten)}")


@cache.command()
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--timeout", default=300.0, show_default=True, help="Seconds after which a formula fails.")
@asks_service
def warm(file: TextIO, *, timeout: float, url: str | None, key: str | None) -> None:
    """Evaluates the formulas in FILE, one a line, so that the results of their calls are kept.

    Empty lines and those that begin with # are passed over. What is kept already is not asked for again.
    """
    formulas = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    address = find_address(url=url, key=key)
    with Packsys(address.url, address.key) as service:
        jobs = [(formula, service.submit(formula, timeout=timeout).id) for formula in formulas]
        troubles = [
            f"{formula}: {ended.state}" for formula, job in jobs if (ended := service.wait(job)).state != "done"
        ]
    click.echo(f"{len(jobs) - len(troubles)} of {len(jobs)} formulas were evaluated")
    if troubles:
        raise click.ClickException("\n".join(troubles))


def _levels(counts: Mapping[str, int]) -> Table:
    table = Table("level", "hits", "misses", "stale", "evictions")
    for level, *names in _ROWS:
        table.add_row(level, *_figures(counts, names))
    return table


def _figures(counts: Mapping[str, int], names: Sequence[str]) -> list[str]:
    return [str(counts.get(name, 0)) if name else "" for name in names]
