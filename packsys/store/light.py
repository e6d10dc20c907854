"""Statements without the tool kit between them and the driver: their text, and what their parameters mean."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import psycopg
from sqlalchemy import Dialect, Select, TextualSelect
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.types import TypeDecorator

from packsys.store.direct import Direct
from packsys.store.prepared import numbered
from packsys.store.queries import TYPES

_tuple: Callable[[str, Sequence[str]], Callable[..., Any]] = namedtuple  # the names are known when it has run
_DIALECT: Dialect = dialects.dialect()  # type: ignore[no-untyped-call]


class Light:
    """Is a statement that means what the tool kit's does: the words after colons, and the columns, have its types."""

    def __init__(self, statement: TextualSelect | Select[Any]) -> None:
        """Writes the statement once, for the driver."""
        compiled = statement.compile(dialect=_DIALECT)
        self._text = str(compiled)
        self._given = _changed({name: _writer(name) for name in compiled.params})
        self._numbered, self._places = numbered(self._text)
        self._row: Callable[..., Any] | None = None

    def rows(self, connection: psycopg.Connection[Any], terms: Mapping[str, Any]) -> Sequence[Any]:
        """Runs it in the connection's transaction and gives all rows."""
        # The driver reads no text of this length twice in the same way: it is given what it makes of it.
        with psycopg.RawCursor[Any](connection) as cursor:
            cursor.execute(self._numbered.encode(), self._listed(terms), prepare=True)
            row = self._row or self._named(cursor)
            return [_read(row(*each)) for each in cursor.fetchall()]

    def alone(self, direct: Direct, terms: Mapping[str, Any]) -> Sequence[Any]:
        """Runs it as a transaction of its own, which does not wait for the disk, and gives all rows."""
        return [_read(row) for row in direct.rows(self._text, self._written(terms))]

    def row(self, connection: psycopg.Connection[Any], terms: Mapping[str, Any]) -> Any:
        """Runs it in the connection's transaction and gives the first row, or None."""
        return next(iter(self.rows(connection, terms)), None)

    def _written(self, terms: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**terms, **{name: write(terms[name]) for name, write in self._given.items()}}

    def _listed(self, terms: Mapping[str, Any]) -> Sequence[Any]:
        written = self._written(terms)
        return [written[name] for name in self._places]

    def _named(self, cursor: psycopg.Cursor[Any]) -> Callable[..., Any]:
        self._row = _tuple("Row", [column.name for column in cursor.description or ()])
        return self._row


def light(statements: Mapping[str, TextualSelect]) -> Mapping[str, Light]:
    """Makes statements light."""
    return MappingProxyType({name: Light(statement) for name, statement in statements.items()})


def _writer(name: str) -> Callable[[Any], Any] | None:
    return TYPES[name].dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _changed(found: Mapping[str, Callable[[Any], Any] | None]) -> Mapping[str, Callable[[Any], Any]]:
    return {name: each for name, each in found.items() if each is not None}


# What is PostgreSQL's own the driver reads by itself.
_OURS = {name: kind for name, kind in TYPES.items() if isinstance(kind, TypeDecorator)}
_READERS = _changed({name: kind.result_processor(_DIALECT, None) for name, kind in _OURS.items()})


def _read(row: Any) -> Any:
    changed = {name: _READERS[name](getattr(row, name)) for name in row._fields if name in _READERS}
    return row._replace(**changed) if changed else row
