"""The command that reads a sync table's pages, for makers to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from packsys.adapters import now
from packsys.catalog.result import adapt
from packsys.catalog.types import read_schema
from packsys.cli.values import print_value, read_variable
from packsys.cli.workbench import Bench, workbench
from packsys.errors import NotFound, RequestError, ResultMismatch
from packsys.runtime.inquire import Question
from packsys.sdk import ObjectSchema, Page, SyncTable, Type
from packsys.sdk.fitting import Misfit, fit
from packsys.sdk.names import nearest
from packsys.sdk.schema import as_type
from packsys.sdk.surroundings import Sync
from packsys.sdk.tables import Course
from packsys.sdk.targets import Aim, Target
from packsys.values import Value, plain

_MOST_COLUMNS = 8
_WIDEST_CELL = 60  # characters


@click.command()
@click.argument("place", metavar="PACK")
@click.argument("table")
@click.option("--arg", "given", multiple=True, metavar="NAME=VALUE", help="A parameter of the table, as JSON or text.")
@click.option("--pages", default=10, show_default=True, type=click.IntRange(min=1), help="How many to read at most.")
@click.option("--url", "dynamic_url", default="", help="Which table, of one that stands for several.")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as JSON.")
@click.option("--token", envvar="PACKSYS_TOKEN", help="Of the account to use; better set $PACKSYS_TOKEN.")
@click.option("--endpoint", default="", help="Base URL of a service that you host yourself.")
@click.option("--allow-network", "networks", multiple=True, help="Private network that the pack may reach, as CIDR.")
def rows(
    place: str,
    table: str,
    *,
    given: tuple[str, ...],
    pages: int,
    dynamic_url: str,
    as_json: bool,
    token: str | None,
    endpoint: str,
    networks: tuple[str, ...],
) -> None:
    """Reads the rows of TABLE, a sync table of the pack in PACK, page by page in this process.

    The pack's code runs unprotected: load only what you trust.
    """
    bench = workbench(place, token=token, endpoint=endpoint, allowed_networks=networks)
    reading = Reading(bench, _declared(bench, table), given, Sync(started_at=now(), dynamic_url=dynamic_url))
    _read(reading, pages)
    if as_json:
        print_value(plain(reading.rows))
    else:
        Console().print(_drawn(reading))
        click.echo(_summary(reading))


@dataclass
class Reading:
    """Is one run through a table: its rows so far, as formulas would see them."""

    bench: Bench
    table: SyncTable
    given: Sequence[str]
    sync: Sync
    schema: ObjectSchema = field(init=False)
    rows: list[Value] = field(default_factory=list)
    pages: int = 0
    ended: bool = False
    course: Course = field(default_factory=Course)

    def __post_init__(self) -> None:
        """Finds out what the rows look like."""
        self.arguments = dict(_argument(self.table, text) for text in self.given)
        schema = self.table.schema if self.table.dynamic is None else None
        self.schema = schema or read_schema(self._ask(Aim.TABLE_SCHEMA))

    def __iter__(self) -> Iterator[Reading]:
        """Reads page after page, and gives itself after each; raises what the pack does."""
        wanted = as_type(self.schema)
        while not self.ended:
            page: Page = self._ask(Aim.PAGE)
            self.rows += [adapt(row, wanted, call=self.table.name) for row in page.rows]
            self.pages += 1
            self._move_on(page)
            yield self

    def _ask(self, aim: Aim) -> Any:
        question = Question(
            pack_id=self.bench.pack.id,
            target=Target(aim=aim, name=self.table.name),
            account=self.bench.connection.id if self.bench.connection else None,
            arguments=self.arguments if aim is Aim.PAGE else {},
            sync=self.sync,
            timeout=self.table.timeout,
        )
        return self.bench.inquire(question)

    def _move_on(self, page: Page) -> None:
        following = self.course.after(page.continuation, page.partitions)
        if following is not None and following == self.sync.continuation:
            raise ResultMismatch(f"{self.table.name} gave one continuation twice: it would never end.")
        self.ended = following is None
        self.sync = replace(self.sync, continuation=following or {})


def _declared(bench: Bench, name: str) -> SyncTable:
    tables = bench.pack.sync_tables
    for each in tables.values():
        if each.name.casefold() == name.casefold():
            return each
    raise NotFound(f"{bench.pack.name} has no sync table {name!r}: {nearest(name, tables)}")


def _argument(table: SyncTable, text: str) -> tuple[str, Any]:
    name, value = read_variable(text)
    known: dict[str, Type] = {each.name: each.type for each in table.parameters}
    if name not in known:
        raise RequestError(f"{table.name} has no parameter {name!r}: {nearest(name, known)}")
    try:
        return name, fit(value, known[name])
    except Misfit as misfit:
        raise RequestError(f"{name} must be {misfit.expected}, but is {misfit.found}.") from None


def _read(reading: Reading, pages: int) -> None:
    with Console(stderr=True).status(f"reading {reading.table.name}…") as status:
        for read in reading:
            status.update(f"{read.table.name}: page {read.pages}, {len(read.rows)} rows")
            if read.pages == pages:
                return


def _drawn(reading: Reading) -> Table:
    schema = reading.schema
    first = [name for name in (schema.id, schema.display, *schema.featured) if name]
    columns = list(dict.fromkeys((*first, *schema.properties)))[:_MOST_COLUMNS]
    types = [schema.properties[name].value_type for name in columns]
    drawn = Table(*columns, box=None, pad_edge=False)
    for row in reading.rows:
        values = [row.get(name) if isinstance(row, dict) else None for name in columns]
        drawn.add_row(*(Text(_cell(value, each)) for value, each in zip(values, types, strict=True)))
    return drawn


def _summary(reading: Reading) -> str:
    more = "" if reading.ended else "; there are more: say --pages"
    return f"{_counted(len(reading.rows), 'row')} on {_counted(reading.pages, 'page')}{more}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _cell(value: Any, declared: Type) -> str:
    match value:
        case None:
            text = ""
        case dict() if declared.schema is not None:
            text = str(value.get(declared.schema.display or declared.schema.id, "…"))
        case list():
            text = ", ".join(_cell(each, declared.item or Type()) for each in value)
        case _:
            text = str(plain(value))
    return text if len(text) <= _WIDEST_CELL else f"{text[: _WIDEST_CELL - 1]}…"
