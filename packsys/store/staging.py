"""Puts the rows of a page where one statement can compare them with what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from packsys.store.syncqueries import SYNC, counts, notes_text, plain
from packsys.store.types import escape
from packsys.syncmodel import Counts, PageRows, Reject

_COPY = "copy page_in (place, row_key, hash, document, notes) from stdin (format binary)"
STAGED = "packsys.page_in"
"""What is noted of a connection of the pool once it has the place where rows lie, and that is committed."""

_TYPES = ["int4", "text", "bytea", "text", "text"]


def keep(connection: Connection, place: Row[Any], page: PageRows, *, mark: bytes | None) -> Counts:
    """Compares a page with what is kept, keeps what differs, moves the run on, and counts. The run is held."""
    _stage(connection, page)
    repeated = len(page.rows) - len({row.key for row in page.rows})
    given = {"rows": len(page.rows) + len(page.rejects), "rejected": len(page.rejects), "repeated": repeated}
    found = connection.execute(SYNC["keep"], {**_terms(place, page), **given, "mark": mark}).one()
    return replace(counts(found), **given)


def reject(connection: Connection, place: Row[Any], page: PageRows) -> None:
    """Sets the page's bad rows aside."""
    where = {"scope": place.scope, "serial": place.serial, "page": place.page}
    for each in page.rejects:
        connection.execute(SYNC["reject"], {**where, "row_key": each.key, **_said(each)})


def _said(each: Reject) -> dict[str, Any]:
    return {"raw": dict(each.raw), "reasons": [dict(vars(reason)) for reason in each.reasons]}


def _terms(place: Row[Any], page: PageRows) -> dict[str, Any]:
    return {
        "scope": place.scope,
        "serial": place.serial,
        "page": place.page,
        "everything": place.mode == "full",
        "gone": list(page.deleted),
        "spared": [each.key for each in page.rejects if each.key is not None],
        "continuation": plain(page.continuation),
        "completion": plain(page.completion),
        "incomplete": page.incomplete,
        "timings": dict(page.timings),
    }


def _stage(connection: Connection, page: PageRows) -> None:
    """Copies the rows into the connection's own table, which is empty at the beginning of each transaction."""
    if STAGED not in connection.info:
        connection.execute(SYNC["stage"])
    driver = connection.connection.driver_connection
    if not page.rows or driver is None:
        return
    with driver.cursor().copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for row in _staged(page):
            copy.write_row(row)


def _staged(page: PageRows) -> Iterator[tuple[int, str, bytes, str, str | None]]:
    for place, row in enumerate(page.rows):
        yield place, escape(row.key), row.digest, row.document, notes_text(row.notes)
