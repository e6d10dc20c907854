"""Puts the rows of a page where one statement can compare them with what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import psycopg
from sqlalchemy import Connection

from packsys.store.syncqueries import LIGHT, counts, notes_text, plain
from packsys.store.types import escape
from packsys.syncmodel import Counts, PageRows, Reject


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """Gives what is below a connection of the tool kit."""
    below: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    return below


def keep(connection: psycopg.Connection[Any], place: Any, page: PageRows) -> Counts:
    """Keeps rows that come beside any run, in the one that is held, and counts."""
    held = {"scope": place.scope, "serial": place.serial, "own": place.own, "page": place.page}
    terms = {**held, "everything": place.mode == "full", **written(page)}
    return counted(terms, LIGHT["keep"].row(connection, terms))


def written(page: PageRows, *, mark: bytes | None = None, lease: float | None = None) -> dict[str, Any]:
    """Writes a page for what keeps it. With a ``lease`` its run's next page is taken for as many seconds."""
    return {
        **_columns(page),
        **_given(page),
        "gone": list(page.deleted),
        "spared": [each.key for each in page.rejects if each.key is not None],
        "continuation": plain(page.continuation),
        "completion": plain(page.completion),
        "incomplete": page.incomplete,
        "timings": dict(page.timings),
        "mark": mark,
        "taken": lease is not None and page.continuation is not None,
        "lease": lease or 0.0,
    }


def counted(terms: Mapping[str, Any], found: Any) -> Counts:
    """Counts what became of the rows of a page that was written in these terms."""
    return replace(counts(found), rows=terms["rows"], rejected=terms["rejected"], repeated=terms["repeated"])


def _given(page: PageRows) -> dict[str, int]:
    repeated = len(page.rows) - len({row.key for row in page.rows})
    return {"rows": len(page.rows) + len(page.rejects), "rejected": len(page.rejects), "repeated": repeated}


def reject(connection: psycopg.Connection[Any], place: Any, page: PageRows) -> None:
    """Sets the page's bad rows aside."""
    where = {"scope": place.scope, "serial": place.serial, "page": place.page}
    for each in page.rejects:
        LIGHT["reject"].rows(connection, {**where, "row_key": each.key, **_said(each)})


def _said(each: Reject) -> dict[str, Any]:
    return {"raw": dict(each.raw), "reasons": [dict(vars(reason)) for reason in each.reasons]}


def _columns(page: PageRows) -> Mapping[str, str]:
    """Writes each column of the rows as one text, which takes less time to send and to read than a thousand values."""
    written = {
        "came_keys": [escape(row.key) for row in page.rows],
        "came_hashes": [row.digest.hex() for row in page.rows],
        "came_documents": [row.document for row in page.rows],
        "came_notes": [notes_text(row.notes) or "" for row in page.rows],
    }
    separator = _apart(written.values())
    return {"separator": separator, **{name: separator.join(column) for name, column in written.items()}}


def _apart(columns: Iterable[Sequence[str]]) -> str:
    """Gives a sign that no text has: nearly always the first one, which JSON never holds as it is."""
    whole = ["".join(column) for column in columns]
    return next(sign for sign in map(chr, range(0x1E, 0xD800)) if not any(sign in text for text in whole))
