"""The short way to PostgreSQL, for the statements that every call of every job takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, PoolProxiedConnection
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from packsys.errors import NotReady
from packsys.store.prepared import Prepared
from packsys.store.statements import statements

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

    def later(self, statement: str, terms: Mapping[str, Any]) -> Callable[[], Sequence[Any]]:
        """Begins a statement and gives what waits for its rows, once: until then a connection is taken.

        Both raise :class:`~packsys.errors.NotReady`.
        """
        with answering():
            borrowed = self.engine.raw_connection()
            try:
                end = _prepared(borrowed).begin(statement, terms)
            except psycopg.OperationalError:
                borrowed.invalidate()
                borrowed.close()
                return partial(self.rows, statement, terms)
        return partial(self._ended, borrowed, end, statement, terms)

    def _ended(
        self,
        borrowed: PoolProxiedConnection,
        end: Callable[[], Sequence[Any]],
        statement: str,
        terms: Mapping[str, Any],
    ) -> Sequence[Any]:
        with answering():
            try:
                return _done(borrowed, end)
            except psycopg.OperationalError:
                self.engine.dispose()  # as in "rows"
                return self._once(statement, terms)

    @contextmanager
    def begin(self) -> Iterator[psycopg.Connection[Any]]:
        """Gives a connection inside one transaction, committed at the end of the block; raises as the others do."""
        with answering():
            borrowed = self._begun()
            driver: psycopg.Connection[Any] = borrowed.driver_connection  # type: ignore[assignment]
            try:
                yield driver
                _cursor(borrowed).execute("commit")
            except psycopg.OperationalError:
                borrowed.invalidate()
                raise
            except BaseException:
                driver.execute("rollback")
                raise
            finally:
                borrowed.close()

    def _begun(self) -> PoolProxiedConnection:
        try:
            return self._tried()
        except psycopg.OperationalError:
            self.engine.dispose()  # as in "rows"
            return self._tried()

    def _tried(self) -> PoolProxiedConnection:
        borrowed = self.engine.raw_connection()
        try:
            _cursor(borrowed).execute("begin")
        except psycopg.OperationalError:
            borrowed.invalidate()
            borrowed.close()
            raise
        return borrowed

    def _once(self, statement: str, terms: Mapping[str, Any]) -> Sequence[Any]:
        borrowed = self.engine.raw_connection()
        return _done(borrowed, lambda: _prepared(borrowed).rows(statement, terms))


def _done(borrowed: PoolProxiedConnection, run: Callable[[], Sequence[Any]]) -> Sequence[Any]:
    try:
        return run()
    except psycopg.OperationalError:
        borrowed.invalidate()
        raise
    finally:
        borrowed.close()


def _prepared(borrowed: PoolProxiedConnection) -> Prepared:
    driver: psycopg.Connection[Any] = borrowed.driver_connection  # type: ignore[assignment]
    found: Prepared = borrowed.info.get("prepared") or borrowed.info.setdefault("prepared", Prepared(driver))
    return found


def _cursor(borrowed: PoolProxiedConnection) -> psycopg.Cursor[Any]:
    """Gives the one cursor of a connection; to make another takes as long as to ask."""
    found: psycopg.Cursor[Any] = borrowed.info.get("cursor") or borrowed.info.setdefault("cursor", borrowed.cursor())
    return found


@contextmanager
def answering() -> Iterator[None]:
    """Turns what keeps a server from answering into :class:`~packsys.errors.NotReady`."""
    try:
        yield
    except _AWAY as error:
        raise NotReady("The database does not answer: try again in a moment.", retry_after=1.0) from error


TURNS = statements(Path(__file__).with_name("turns.sql"))
