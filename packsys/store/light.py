"""Statements without the tool kit between them and the driver: their text, and what their parameters mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row
from sqlalchemy import Dialect, Select, TextualSelect
from sqlalchemy.dialects.postgresql import psycopg as dialects
from sqlalchemy.types import TypeDecorator

from packsys.store.direct import Direct
from packsys.store.queries import TYPES

_DIALECT: Dialect = dialects.dialect()  # type: ignore[no-untyped-call]


class Light:
    """Is a statement that means what the tool kit's does: the words after colons, and the columns, have its types."""

    def __init__(self, statement: TextualSelect | Select[Any]) -> None:
        """Writes the statement once, for the driver."""
        compiled = statement.compile(dialect=_DIALECT)
        self._text = str(compiled)
        self._given = _changed({name: _writer(name) for name in compiled.params})

    def rows(self, connection: psycopg.Connection[Any], terms: Mapping[str, Any]) -> Sequence[Any]:
        """Runs it in the connection's transaction and gives all rows."""
        with connection.cursor(row_factory=namedtuple_row) as cursor:
            return [_read(row) for row in cursor.execute(self._text, self._written(terms), prepare=True).fetchall()]

    def alone(self, direct: Direct, terms: Mapping[str, Any]) -> Sequence[Any]:
        """Runs it as a transaction of its own, which does not wait for the disk, and gives all rows."""
        return [_read(row) for row in direct.rows(self._text, self._written(terms))]

    def row(self, connection: psycopg.Connection[Any], terms: Mapping[str, Any]) -> Any:
        """Runs it in the connection's transaction and gives the first row, or None."""
        return next(iter(self.rows(connection, terms)), None)

    def _written(self, terms: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**terms, **{name: write(terms[name]) for name, write in self._given.items()}}


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
