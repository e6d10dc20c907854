"""The short way to PostgreSQL, for the statements that every call of every job takes."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Dialect, Engine, Select
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from packsys.errors import NotReady
from packsys.store.statements import statements
from packsys.store.types import array, escape

_AWAY = (
    *(OperationalError, InterfaceError, InternalError, PoolTimeout),
    *(psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError),
)


class Direct:
    """Runs prepared statements on pooled connections, without the tool kit between them and the driver.

    Every statement is a transaction of its own, and can be repeated: it is, once, where the connection turns out to be
    broken, on a new one.
    """

    def __init__(self, engine: Engine) -> None:
        """Takes an engine whose connections commit every statement by themselves."""
        self.engine = engine
        self._rows: dict[str, Callable[..., Any]] = {}
        self._readings: dict[Select[Any], _Reading] = {}

    def row(self, statement: str, terms: Mapping[str, Any]) -> Any:
        """Gives the first row, or None; raises :class:`~packsys.errors.NotReady`."""
        return next(iter(self.rows(statement, terms)), None)

    def rows(self, statement: str, terms: Mapping[str, Any]) -> Sequence[Any]:
        """Gives all rows; raises :class:`~packsys.errors.NotReady`."""
        with answering():
            try:
                return self._once(statement, terms)
            except psycopg.OperationalError:
                self.engine.dispose()  # after a restart of the server all of them are broken
                return self._once(statement, terms)

    def read(self, asked: Select[Any], terms: Mapping[str, Any]) -> Sequence[Any]:
        """Gives the rows of a select, each column read as its type says; raises :class:`~packsys.errors.NotReady`.

        Texts among the terms are written as their columns hold them.
        """
        if asked not in self._readings:
            self._readings[asked] = _Reading.of(asked, self.engine.dialect)
        reading = self._readings[asked]
        written = {name: escape(term) if isinstance(term, str) else term for name, term in terms.items()}
        return [*map(reading.row, self.rows(reading.statement, written))]

    def _once(self, statement: str, terms: Mapping[str, Any]) -> Sequence[Any]:
        borrowed = self.engine.raw_connection()
        try:
            cursor = borrowed.info.get("cursor") or borrowed.info.setdefault("cursor", borrowed.cursor())
            cursor.execute(statement, {name: _spelled(term) for name, term in terms.items()}, prepare=True)
            return self._named(statement, cursor)
        except psycopg.OperationalError:
            borrowed.invalidate()
            raise
        finally:
            borrowed.close()

    def _named(self, statement: str, cursor: psycopg.Cursor[Any]) -> Sequence[Any]:
        if statement not in self._rows:
            self._rows[statement] = namedtuple("Row", [column.name for column in cursor.description or ()])
        return [self._rows[statement](*row) for row in cursor.fetchall()]


@dataclass(frozen=True)
class _Reading:
    statement: str
    kinds: Mapping[str, Callable[[Any], Any]]

    @classmethod
    def of(cls, asked: Select[Any], dialect: Dialect) -> _Reading:
        """Writes a select, and finds how each of its columns is read."""
        found = {column.name: column.type.result_processor(dialect, None) for column in asked.selected_columns}
        kinds = {name: read for name, read in found.items() if read is not None}
        return cls(str(asked.compile(dialect=dialect)), kinds)

    def row(self, row: Any) -> Any:
        """Reads a row."""
        return row._replace(**{name: read(getattr(row, name)) for name, read in self.kinds.items()})


def _spelled(term: object) -> object:
    return array(term) if isinstance(term, list) else term


@contextmanager
def answering() -> Iterator[None]:
    """Turns what keeps a server from answering into :class:`~packsys.errors.NotReady`."""
    try:
        yield
    except _AWAY as error:
        raise NotReady("The database does not answer: try again in a moment.", retry_after=1.0) from error


TURNS = statements(Path(__file__).with_name("turns.sql"))
