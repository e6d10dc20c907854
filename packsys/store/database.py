"""The way to PostgreSQL: one small pool of connections a process."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from packsys.errors import WrongSetUp
from packsys.store.direct import Direct, answering

STATEMENT_SECONDS = 30
"""The longest that a statement may run: far above any of ours, and below the deadline of an HTTP client."""

# A peer that vanished without a word is noticed after 30 + 3 x 10 seconds; unix sockets ignore the keepalives.
_TERMS = {
    "connect_timeout": 5,
    "options": f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout=10s"
    " -c idle_in_transaction_session_timeout=60s -c timezone=UTC",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


class Database:
    """Opens connections when they are needed, and keeps a few for the next time.

    Nothing is opened by making one, and a forked child starts with a pool of its own, so that it may be made, and
    even used, before the fork. A connection that the server closed is replaced before it is used. Whatever keeps
    the server from answering becomes :class:`~packsys.errors.NotReady`. ``direct`` is the short way for the few
    statements that every call takes.
    """

    def __init__(self, engine: Engine, *, direct: Direct, terms: Mapping[str, Any]) -> None:
        """Takes an engine whose connections commit every statement by themselves, and the terms they are opened on."""
        self.engine = engine
        self.direct = direct
        self._terms = terms
        self._transactions = engine.execution_options(isolation_level="READ COMMITTED")

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Gives a connection on which every statement is a transaction of its own: one round trip each."""
        with answering(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Gives a connection inside one transaction, committed at the end of the block."""
        with answering(), self._transactions.begin() as connection:
            yield connection

    @contextmanager
    def rehearse(self) -> Iterator[Connection]:
        """Gives a connection inside one transaction, which is taken back at the end of the block."""
        with answering(), self._transactions.connect() as connection, connection.begin() as transaction:
            yield connection
            transaction.rollback()

    def dial(self) -> psycopg.Connection[Any]:
        """Opens a connection outside the pool, for one who keeps it; raises what the driver raises."""
        _, place = self.engine.dialect.create_connect_args(self.engine.url)
        return psycopg.connect(**place, **self._terms, autocommit=True)

    def close(self) -> None:
        """Closes the connections that nobody uses; the database can be used again afterwards."""
        self.engine.dispose()
        self.direct.engine.dispose()


def open_database(url: str, *, application: str = "packsys", connections: int = 5) -> Database:
    """Makes the way to the database at ``url``, without touching it.

    ``application`` is the name that PostgreSQL shows for our connections; ``connections`` are kept, and twice as
    many more are opened while the load asks for them. Raises :class:`~packsys.errors.WrongSetUp` for an address
    that is not PostgreSQL's.
    """
    terms = {**_TERMS, "application_name": application}
    size = {"pool_size": connections, "max_overflow": 2 * connections, "pool_timeout": 10}
    engine = create_engine(address(url), isolation_level="AUTOCOMMIT", pool_pre_ping=True, connect_args=terms, **size)
    # Not waiting for the disk: what must, asks for it (migration 0007).
    quick = {**terms, "options": f"{terms['options']} -c synchronous_commit=off"}
    direct = create_engine(
        address(url), isolation_level="AUTOCOMMIT", pool_reset_on_return=None, connect_args=quick, **size
    )
    for each in (engine, direct):
        _forget_in_children(each)
    return Database(engine, direct=Direct(direct), terms=terms)


def address(url: str) -> URL:
    """Reads the address of a PostgreSQL and names our driver in it."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = URL.create("unknown")
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise WrongSetUp("PACKSYS_DATABASE_URL must look like postgresql+psycopg://user:password@host/database.")
    return parsed.set(drivername="postgresql+psycopg")


def _forget_in_children(engine: Engine) -> None:
    # Two processes that talk on one connection would read each other's answers.
    known = weakref.ref(engine)

    def forget() -> None:
        if (inherited := known()) is not None:
            inherited.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
