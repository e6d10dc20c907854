"""The least that a page can cost: one request, COPY into a temporary table, one statement that skips what is the same.

No schema, no ledger, no change feed, no claim: somebody wrote a loop. Each page is a transaction.
"""

from __future__ import annotations

from http.client import HTTPConnection
from typing import Any

import orjson
import psycopg

from benchmarks.sync.peers.order import Order, timed, told

COLUMNS = ("id", "name", "email", "city", "score", "active", "changed_at", "notes")
TYPES = ["int8", "text", "text", "text", "float8", "bool", "text", "text"]
TABLE = "create table if not exists bare (id bigint primary key, name text, email text, city text, score float8,"
TABLE += " active boolean, changed_at text, notes text)"
NAMES = ", ".join(COLUMNS)
NEW = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
OLD, CAME = (", ".join(f"{place}.{name}" for name in COLUMNS[1:]) for place in ("bare", "excluded"))
MERGE = "insert into bare select * from came on conflict (id) do update"
MERGE += f" set {NEW} where ({OLD}) is distinct from ({CAME})"


def load(order: Order) -> None:
    """Loads all pages, one after the other."""
    service = HTTPConnection(order.url.partition("//")[2])
    with psycopg.connect(order.database) as connection:
        connection.execute(TABLE)
        connection.execute("create temporary table came (like bare) on commit delete rows")
        connection.commit()
        number: int | None = 0
        while number is not None:
            service.request("GET", order.page(number))
            found = orjson.loads(service.getresponse().read())
            keep(connection, found["rows"])
            number = found["next"]


def keep(connection: psycopg.Connection[Any], rows: list[dict[str, Any]]) -> None:
    """Keeps a page."""
    with connection.cursor() as cursor:
        with cursor.copy(f"copy came ({NAMES}) from stdin (format binary)") as copy:
            copy.set_types(TYPES)
            for row in rows:
                copy.write_row([row[name] for name in COLUMNS])
        cursor.execute(MERGE)
    connection.commit()


if __name__ == "__main__":
    order = told()
    timed(lambda: load(order))
