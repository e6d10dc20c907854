"""Runs what a pack declares, as the host does."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from packsys.sdk.context import Context, Invocation
from packsys.sdk.fitting import fit
from packsys.sdk.formula import Formula
from packsys.sdk.http import Fetcher
from packsys.sdk.names import nearest
from packsys.sdk.pack import Pack
from packsys.sdk.schema import as_type
from packsys.sdk.surroundings import Sync
from packsys.sdk.tables import Course, Page, SyncTable
from packsys.sdk.targets import Aim, Target, invoke
from packsys.sdk.testing.scripted import ScriptedFetcher


def run(
    pack: Pack,
    formula: str,
    *arguments: Any,
    fetcher: Fetcher | None = None,
    timezone: str = "UTC",
    endpoint: str = "",
    idempotency_key: str = "test",
    **named: Any,
) -> Any:
    """Runs a formula as the host does, and gives the result as a formula would see it.

    The account is left out. Without a fetcher every request fails. Raises what the function raises, and
    :class:`packsys.sdk.fitting.Misfit` for a result that does not fit its declared type.
    """
    if formula not in pack.formulas:
        raise LookupError(f"Pack {pack.name} has no formula {formula!r}: {nearest(formula, pack.formulas)}")
    declared = pack.formulas[formula]
    context = a_context(
        pack,
        formula,
        fetcher=fetcher,
        timezone=timezone,
        endpoint=endpoint,
        idempotency_key=idempotency_key,
    )
    raw = invoke(pack, Target(name=formula), context, _bound(declared, arguments, named))
    return fit(raw, declared.result, zone=ZoneInfo(timezone))


def sync(
    pack: Pack,
    table: str,
    *,
    fetcher: Fetcher | None = None,
    previous: Mapping[str, Any] | None = None,
    dynamic_url: str = "",
    timezone: str = "UTC",
    most_pages: int = 100,
    **arguments: Any,
) -> list[Any]:
    """Reads a sync table page by page to its end, and gives all rows as formulas would see them.

    ``previous`` is the completion of an earlier run. Raises what the function raises,
    :class:`packsys.sdk.fitting.Misfit` for a row that does not fit the schema, and :class:`AssertionError` for a
    table that goes in circles, or gives two rows one id.
    """
    if table not in pack.sync_tables:
        raise LookupError(f"Pack {pack.name} has no sync table {table!r}: {nearest(table, pack.sync_tables)}")
    declared, rows, state = pack.sync_tables[table], [], Sync(previous=previous or {}, dynamic_url=dynamic_url)
    course = Course()
    for _ in range(most_pages):
        context = a_context(pack, table, fetcher=fetcher, timezone=timezone, sync=state)
        page: Page = invoke(pack, Target(aim=Aim.PAGE, name=table), context, arguments)
        rows += _fitted(declared, page.rows, context)
        following = course.after(page.continuation, page.partitions)
        if following is None:
            return _distinct(declared, rows)
        if following == state.continuation:
            raise AssertionError(f"Sync table {table} gave the continuation {following} twice.")
        state = replace(state, continuation=json.loads(json.dumps(following)))  # as the host keeps it
    raise AssertionError(f"Sync table {table} has more than {most_pages} pages: script fewer, or say most_pages=.")


def a_context(pack: Pack, name: str, *, fetcher: Fetcher | None = None, **terms: Any) -> Context:
    """Makes the context of one call of a formula or table.

    Without a fetcher every request fails. Waiting takes no time.
    """
    return Context(
        clock=terms.pop("clock", QuickClock()),
        fetcher=fetcher or ScriptedFetcher(),
        invocation=Invocation(pack=pack.name, version=pack.version, formula=name),
        logger=logging.getLogger(f"packsys.pack.{pack.name}"),
        **terms,
    )


class QuickClock:
    """Lets time pass at once, and remembers how long each wait would have been."""

    def __init__(self) -> None:
        """Begins without any waits."""
        self.waits: list[float] = []

    def now(self) -> datetime:
        """Tells the time in UTC, the waits included."""
        return datetime.now(UTC) + timedelta(seconds=sum(self.waits))

    def sleep(self, seconds: float) -> None:
        """Remembers the wait."""
        self.waits.append(seconds)


def _fitted(table: SyncTable, rows: Sequence[Any], context: Context) -> list[Any]:
    schema = table.dynamic.schema(context) if table.dynamic else table.schema
    return [fit(row, as_type(schema), zone=ZoneInfo(context.timezone)) for row in rows] if schema else [*rows]


def _distinct(table: SyncTable, rows: list[Any]) -> list[Any]:
    if table.schema is None:
        return rows
    ids = [row[table.schema.id] for row in rows]
    twice = sorted({str(each) for each in ids if each is None or ids.count(each) > 1})
    if twice:
        raise AssertionError(f"Sync table {table.name} gives rows with the id {twice[0]} twice, or blank.")
    return rows


def _bound(formula: Formula, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> Mapping[str, Any]:
    single = [each.name for each in formula.parameters if not each.variadic]
    variadic = [each.name for each in formula.parameters if each.variadic]
    unknown = [name for name in named if name not in single]
    if unknown:
        raise TypeError(f"{formula.name} has no parameter {unknown[0]!r}: {nearest(unknown[0], single)}")
    if len(arguments) > len(single) and not variadic:
        raise TypeError(f"{formula.name} takes {len(single)} arguments, not {len(arguments)}.")
    repeated = {name: list(arguments[len(single) + turn :: len(variadic)]) for turn, name in enumerate(variadic)}
    return {**dict(zip(single, arguments, strict=False)), **named, **repeated}
