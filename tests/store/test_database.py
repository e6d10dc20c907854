"""The way to PostgreSQL: what happens when the server does not do what it should."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from packsys.errors import NotReady, WrongSetUp
from packsys.model import Job
from packsys.store.database import Database, address, open_database
from packsys.store.jobs import PostgresJobs
from packsys.turns import Start
from tests.ports.samples import job

ENDED = (
    "select count(pg_terminate_backend(pid, 5000)) from pg_stat_activity "
    "where datname = current_database() and pid <> pg_backend_pid()"
)
AWAY = "postgresql+psycopg://nobody:hunter2@/nothing?host=/nonexistent"


@pytest.fixture
def another(database_url: str) -> Iterator[Database]:
    """Gives a second way to the same database."""
    opened = open_database(database_url, application="packsys-other")
    yield opened
    opened.close()


def end_connections(of: Database) -> int:
    """Ends every connection but ours, as a restart of the server does; counts them."""
    with of.connect() as connection:
        return int(connection.execute(text(ENDED)).scalar_one())


def test_nothing_is_opened_before_it_is_needed() -> None:
    PostgresJobs(open_database(AWAY), told=lambda events: None)


def test_a_server_that_is_away_is_not_ready() -> None:
    with pytest.raises(NotReady) as refused:
        PostgresJobs(open_database(AWAY), told=lambda events: None).get("any")
    assert refused.value.retryable
    assert refused.value.retry_after == 1.0
    assert "hunter2" not in f"{refused.value} {refused.value.__cause__!r} {refused.value.__cause__}"


@pytest.mark.parametrize(
    "url", ["", "nonsense", "mysql://host/database", "sqlite://", "http://host", "postgresql+psycopg"]
)
def test_an_address_of_something_else_is_refused(url: str) -> None:
    with pytest.raises(WrongSetUp, match="PACKSYS_DATABASE_URL"):
        open_database(url)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_spelling_of_postgresql_gets_our_driver(scheme: str) -> None:
    assert address(f"{scheme}://u:p@h:1/d").drivername == "postgresql+psycopg"


def test_connections_that_the_server_ended_are_replaced(database: Database, another: Database) -> None:
    jobs = PostgresJobs(database, told=lambda events: None)
    kept = jobs.accept(job())
    assert end_connections(another) >= 1
    assert jobs.get(kept.id) == kept


def test_what_was_begun_is_done_on_a_new_connection_where_its_own_ends(database: Database, another: Database) -> None:
    jobs = PostgresJobs(database, told=lambda events: None)
    with another.begin() as connection:
        connection.execute(text("lock table job"))  # what was begun waits
        end = jobs.keeping([Start(job=job())])
        connection.execute(text(ENDED))
    (kept,) = end()
    assert isinstance(kept, Job)
    assert jobs.get(kept.id) == kept


def test_a_connection_that_ends_in_the_middle_is_not_ready(database: Database, another: Database) -> None:
    def begin_and_lose_the_connection() -> None:
        with database.begin() as connection:
            connection.execute(text("select 1"))
            end_connections(another)
            connection.execute(text("select 1"))

    with pytest.raises(NotReady):
        begin_and_lose_the_connection()
    with database.connect() as connection:
        assert connection.execute(text("select 1")).scalar() == 1


def test_a_statement_that_takes_too_long_is_not_ready(database: Database) -> None:
    def sleep() -> None:
        with database.begin() as connection:
            connection.execute(text("set local statement_timeout = 1"))
            connection.execute(text("select pg_sleep(10)"))

    with pytest.raises(NotReady):
        sleep()


def test_a_broken_transaction_leaves_everything_as_it_was(database: Database) -> None:
    def delete_and_fail() -> None:
        with database.begin() as connection:
            connection.execute(text("delete from job"))
            raise ZeroDivisionError

    jobs = PostgresJobs(database, told=lambda events: None)
    kept = jobs.accept(job())
    with pytest.raises(ZeroDivisionError):
        delete_and_fail()
    assert jobs.get(kept.id) == kept


def test_connections_carry_our_name_and_limits(database: Database) -> None:
    names = ("application_name", "statement_timeout", "lock_timeout", "timezone")
    with database.connect() as connection:
        said = [connection.execute(text(f"show {name}")).scalar() for name in names]
    assert said == ["packsys-test", "30s", "10s", "UTC"]


def test_a_forked_child_has_connections_of_its_own(database: Database) -> None:
    """Two processes on one connection would read each other's answers."""
    jobs = PostgresJobs(database, told=lambda events: None)
    kept = jobs.accept(job())
    children = [multiprocessing.get_context("fork").Process(target=_read, args=(jobs, kept.id)) for _ in range(2)]
    for child in children:
        child.start()
    for _ in range(50):
        assert jobs.get(kept.id) == kept
    for child in children:
        child.join(30)
    assert [child.exitcode for child in children] == [0, 0]
    assert jobs.get(kept.id) == kept


def _read(jobs: PostgresJobs, of: str) -> None:
    for _ in range(50):
        assert jobs.get(of).id == of
