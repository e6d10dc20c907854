"""The one ear of a process: it survives the server, bad listeners and forks."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import closing
from threading import Event as Bell

import pytest
from sqlalchemy import text

from packsys.store.database import Database, open_database
from packsys.store.events import PostgresEvents
from packsys.store.jobs import PostgresJobs
from tests.ports.samples import job

EARS = "from pg_stat_activity where application_name = 'packsys-ear' and datname = current_database()"


@pytest.fixture
def events(database_url: str) -> Iterator[PostgresEvents]:
    """Gives events whose listening connection can be told from others."""
    database = open_database(database_url, application="packsys-ear")
    with closing(PostgresEvents(database)) as opened:
        yield opened
    database.close()


def ring(bell: Bell) -> None:
    """Waits for a bell and silences it."""
    assert bell.wait(10), "the bell did not ring"
    bell.clear()


def test_nothing_listens_before_somebody_does(events: PostgresEvents, database: Database) -> None:
    assert ears(database) == 0


def test_one_connection_listens_for_everybody(events: PostgresEvents, database: Database) -> None:
    bells = [Bell() for _ in range(20)]
    for number, bell in enumerate(bells):
        events.listen(f"job {number}", bell.set)
    for bell in bells:
        ring(bell)
    assert ears(database) == 1


def test_everybody_is_rung_when_listening_begins_again(events: PostgresEvents, database: Database) -> None:
    """What happened while the connection was broken is read then."""
    kept, bell = PostgresJobs(database, told=lambda events: None).accept(job()), Bell()
    events.listen(kept.id, bell.set)
    ring(bell)
    with database.connect() as connection:
        connection.execute(text(f"select pg_terminate_backend(pid, 5000) {EARS}"))
    ring(bell)
    PostgresJobs(database, told=lambda events: None).finish(kept.id, 1)
    ring(bell)


def test_a_listener_that_fails_does_not_deafen_the_others(events: PostgresEvents, database: Database) -> None:
    kept, broken, bell = PostgresJobs(database, told=lambda events: None).accept(job()), Bell(), Bell()

    def fail() -> None:
        broken.set()
        raise RuntimeError("the loop is closed")

    events.listen(kept.id, fail)
    events.listen(kept.id, bell.set)
    PostgresJobs(database, told=lambda events: None).finish(kept.id, 1)
    ring(broken)
    ring(bell)
    assert ears(database) == 1


def test_a_forked_child_listens_by_itself(events: PostgresEvents, database: Database) -> None:
    kept, bell = PostgresJobs(database, told=lambda events: None).accept(job()), Bell()
    events.listen(kept.id, bell.set)
    ring(bell)
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    child = context.Process(target=_listen, args=(events, kept.id, ready))
    child.start()
    assert ready.wait(10)
    PostgresJobs(database, told=lambda events: None).finish(kept.id, 1)
    ring(bell)
    child.join(20)
    assert child.exitcode == 0


def _listen(events: PostgresEvents, of: str, ready: Bell) -> None:
    bell = Bell()
    events.listen(of, bell.set)
    ring(bell)
    ready.set()
    ring(bell)


def ears(database: Database) -> int:
    """Counts the connections that listen."""
    with database.connect() as connection:
        return int(connection.execute(text(f"select count(*) {EARS}")).scalar_one())
