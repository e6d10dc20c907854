"""The schema of the database: which revision it has, and how it gets the newest."""

from __future__ import annotations

from pathlib import Path

from psycopg.errors import UndefinedTable
from sqlalchemy import Connection, Engine, create_engine, pool, text
from sqlalchemy.exc import ProgrammingError

from packsys.errors import NotReady
from packsys.store.database import Database, address
from packsys.store.direct import answering

HEAD = "0015"
"""The newest revision below ``migrations/versions``; revisions are numbered in their order."""

MIGRATIONS = Path(__file__).with_name("migrations")
_LOCK = 0x7061636B  # "pack": an advisory lock of ours only


def is_current(database: Database) -> bool:
    """Tells, by one cheap query, whether the database has the schema that this code needs, or a newer one.

    A newer one will do: while a new release takes over, it migrates first, and the old one goes on working.
    """
    with database.connect() as connection:
        return _has_head(connection)


def check_schema(database: Database) -> None:
    """Raises :class:`~packsys.errors.NotReady` when the database is away or has an old schema."""
    if not is_current(database):
        raise NotReady("The database has an old schema: run 'packsys migrate'.")


def revision(connection: Connection) -> str | None:
    """Gives the revision of a database; None when it has no schema yet."""
    try:
        return connection.execute(text("select version_num from alembic_version")).scalar()
    except ProgrammingError as error:
        if isinstance(error.orig, UndefinedTable):
            return None
        raise


def migrate(url: str) -> None:
    """Brings a database to the newest schema; does nothing when it is there.

    Any number of processes may do this at once: one migrates, the others wait for it. A migration is one
    transaction, so that one which fails changes nothing.
    """
    engine = create_engine(address(url), poolclass=pool.NullPool)
    with answering():
        with engine.connect() as connection:
            done = _has_head(connection)
        if not done:
            _upgrade(engine)


def _has_head(connection: Connection) -> bool:
    return (revision(connection) or "") >= HEAD


def _upgrade(engine: Engine) -> None:
    from alembic import command  # noqa: PLC0415 - slow, and not needed where the schema is current
    from alembic.config import Config  # noqa: PLC0415

    with engine.begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        command.upgrade(config, "head")
