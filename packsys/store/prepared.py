"""Statements that a connection has prepared, run without a cursor."""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import execute
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

_tuple: Callable[[str, Sequence[str]], Any] = namedtuple  # the names are known when it has run
_RIGHT = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


class Prepared:
    """Runs statements on one connection, each prepared once for the types of what it is given.

    A cursor is ready for all that a statement may be, and finds out anew each time how values are written and read:
    that takes longer than to run one of these. There are few of them, and nothing is forgotten.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Takes a connection that commits every statement by itself."""
        self._connection, self._adapting = connection, Transformer(connection)
        self._names: dict[tuple[str, tuple[int, ...]], bytes] = {}
        self._rows: dict[str, Callable[[Sequence[Any]], Any]] = {}

    def rows(self, statement: str, terms: Mapping[str, Any]) -> Sequence[Any]:
        """Gives all rows; raises what a cursor does."""
        name, text, given, formats = self._written(statement, terms)
        return self._read(text, self._connection.pgconn.exec_prepared(name, given, formats))

    def begin(self, statement: str, terms: Mapping[str, Any]) -> Callable[[], Sequence[Any]]:
        """Begins a statement, and gives what waits for its rows: until then nothing else runs on the connection."""
        name, text, given, formats = self._written(statement, terms)
        server = self._connection.pgconn
        server.send_query_prepared(name, given, formats)
        server.flush()  # what does not fit into the socket goes with the waiting
        return lambda: self._read(text, *self._connection.wait(execute(server)))

    def _written(self, statement: str, terms: Mapping[str, Any]) -> tuple[bytes, str, Any, Any]:
        text, places = numbered(statement)
        adapting = self._adapting
        # A blank among what is given is one to the server: only the driver's own notes leave that out.
        given = adapting.dump_sequence([terms[name] for name in places], [PyFormat.AUTO] * len(places))
        types = adapting.types or ()
        return self._names.get((text, types)) or self._prepare(text, types), text, given, adapting.formats

    def _read(self, text: str, result: PGresult) -> Sequence[Any]:
        self._adapting.set_pgresult(self._right(result))
        return self._adapting.load_rows(0, result.ntuples, self._rows.get(text) or self._named(text, result))

    def _prepare(self, text: str, types: tuple[int, ...]) -> bytes:
        name = f"packsys_{len(self._names)}".encode()
        self._right(self._connection.pgconn.prepare(name, text.encode(), types))
        self._names[text, types] = name
        return name

    def _named(self, text: str, result: PGresult) -> Callable[[Sequence[Any]], Any]:
        names = [(result.fname(place) or b"").decode() for place in range(result.nfields)]
        return self._rows.setdefault(text, _tuple("Row", names)._make)

    def _right(self, result: PGresult) -> PGresult:
        if result.status in _RIGHT:
            return result
        if not result.error_field(DiagnosticField.SQLSTATE):  # the server said nothing
            raise psycopg.OperationalError(result.get_error_message())
        raise error_from_result(result)


@cache
def numbered(statement: str) -> tuple[str, Sequence[str]]:
    """Writes a statement with numbers in place of names, as PostgreSQL takes it, and gives the names in their order."""
    places: dict[str, int] = {}

    def place(found: re.Match[str]) -> str:
        return "%" if found[0] == "%%" else f"${places.setdefault(found[1], len(places) + 1)}"

    return re.sub(r"%%|%\((\w+)\)s", place, statement), tuple(places)
