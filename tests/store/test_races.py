"""What happens when one comes first by a hair: each race is held at the point where it could go wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pytest
from sqlalchemy import Connection, text

from packsys.errors import IdempotencyMismatch
from packsys.model import Stall, StepState
from packsys.store.database import Database
from packsys.store.jobs import PostgresJobs
from packsys.store.steps import AT_ONCE
from tests.ports.house import House, in_postgres
from tests.ports.samples import call, job
from tests.ports.single import claim_one, keep_one
from tests.ports.synchouse import syncs_in_postgres

REPOS = call("Repos")
Result = TypeVar("Result")


@pytest.fixture
def house(database: Database) -> House:
    """Gives the real stores."""
    return in_postgres(database)


@pytest.fixture
def running(house: House) -> str:
    """Gives a job with one queued step."""
    of = house.jobs.accept(job()).id
    house.steps.add(of, [REPOS])
    return of


def end(connection: Connection, of: str) -> bool:
    """Cancels a job inside a transaction."""
    ending = text("select number from end_job(true, :of, 'cancelled', null, null)")
    return connection.execute(ending, {"of": of}).scalar_one() is not None


def begin(connection: Connection, of: str) -> None:
    """Keeps a job with the idempotency key ``once`` inside a transaction."""
    unsaid = ", ".join(["'{}'"] * 4)
    terms = f"'default', 'once', 'same', '', '', '{{}}', '', 'UTC', 'en', 'interactive', null, now(), 9, {unsaid}"
    connection.execute(text(f"select from accept_job(:of, {terms})"), {"of": of})


def quiet(_: object) -> None:
    """Tells nobody."""


@contextmanager
def overtaken(database: Database, of: str, act: Callable[[], Result]) -> Iterator[Future[Result]]:
    """Cancels a job while ``act`` already waits for its row: the cancelling comes first by a hair."""
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as connection:
            assert end(connection, of)
            late = pool.submit(act)
            wait_until_blocked(database, late)
        yield late


def wait_until_blocked(database: Database, late: Future[Result]) -> None:
    """Waits until somebody waits for a lock in the database."""
    waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    until = time.monotonic() + 10
    with database.connect() as connection:
        while not connection.execute(text(waiting)).scalar_one():
            assert not late.done(), "it did not wait"
            assert time.monotonic() < until


def kinds(house: House, of: str) -> list[str]:
    """Lists what was told of a job."""
    return [event.kind.value for event in house.events.since(of, 0)]


def test_a_step_is_not_claimed_when_the_job_is_cancelled_just_before(
    database: Database, house: House, running: str
) -> None:
    with overtaken(database, running, lambda: claim_one(house.steps, running, REPOS.key, worker="w", lease=9)) as late:
        assert late.result() is None
    assert kinds(house, running)[-1] == "job.cancelled"


def test_no_more_connections_than_so_many_wait_for_the_row_of_a_job(
    database: Database, house: House, running: str
) -> None:
    """The others wait in the process: to open a connection for a moment costs more than to wait."""
    steps = house.steps.add(running, [call(f"Repos{number}") for number in range(8)])
    with ThreadPoolExecutor(len(steps)) as pool:
        with database.begin() as connection:
            connection.execute(text("select from job where id = :of for update"), {"of": running})
            claims = [pool.submit(claim_one, house.steps, running, step.key, worker="w", lease=9) for step in steps]
            wait_until_blocked(database, claims[0])
        assert all(claim.result() for claim in claims)
    assert database.direct.engine.pool.checkedin() <= AT_ONCE  # type: ignore[attr-defined]


def test_a_heartbeat_waits_for_nobody_who_is_at_work_at_one_of_its_steps(
    database: Database, house: House, running: str
) -> None:
    """Else one row that is held for long would let all claims of the process run out."""
    (other,) = house.steps.add(running, [call("Others")])
    claims = [claim_one(house.steps, running, key, worker="w", lease=9) for key in (REPOS.key, other.key)]
    held = [claim for claim in claims if claim]
    until = text("select extract(epoch from lease_until - now()) from step where job = :of and key = :key")
    with database.begin() as connection:
        connection.execute(
            text("select from step where job = :of and key = :key for update"), {"of": running, "key": REPOS.key}
        )
        assert house.steps.renew(held, lease=100, wait=False) == held
        left = [connection.execute(until, {"of": running, "key": claim.step.key}).scalar_one() for claim in held]
    assert left[0] < 10 < left[1]
    assert house.steps.renew(held, lease=100) == held


def test_a_heartbeat_waits_for_nobody_who_is_at_work_at_one_of_its_runs(database: Database) -> None:
    """A finish takes as long as its table is large: the pages that its process reads meanwhile are not lost by that."""
    house = syncs_in_postgres(database)
    held = [house.claim(house.start(house.table()), lease=9) for _ in "12"]
    until = text("select extract(epoch from lease_until - now()) from sync_run where run_id = :of")
    with database.begin() as connection:
        connection.execute(text("select from sync_run where run_id = :of for no key update"), {"of": held[0].run.id})
        assert house.work.renew(held, lease=100) == held
        left = [connection.execute(until, {"of": claim.run.id}).scalar_one() for claim in held]
    assert left[0] < 10 < left[1]
    assert house.work.renew(held, lease=100) == held


def test_an_outcome_is_kept_in_silence_when_the_job_is_cancelled_just_before(
    database: Database, house: House, running: str
) -> None:
    claim = claim_one(house.steps, running, REPOS.key, worker="w", lease=9)
    assert claim
    with overtaken(database, running, lambda: keep_one(house.steps, claim, 1)) as late:
        assert late.result()
    assert kinds(house, running)[-1] == "job.cancelled"
    assert house.steps.of(running)[0].state is StepState.DONE


def test_no_step_is_released_when_the_job_is_cancelled_just_before(
    database: Database, house: House, running: str
) -> None:
    claim_one(house.steps, running, REPOS.key, worker="w", lease=0)
    with overtaken(database, running, lambda: house.upkeep.release(attempts=3)) as late:
        assert late.result() == ()
    assert kinds(house, running)[-1] == "job.cancelled"


def test_no_wave_is_added_when_the_job_is_cancelled_just_before(database: Database, house: House, running: str) -> None:
    with overtaken(database, running, lambda: house.steps.add(running, [call("User")])) as late:
        assert late.result() == ()
    assert kinds(house, running)[-1] == "job.cancelled"
    assert len(house.steps.of(running)) == 1


def test_a_job_that_is_being_ended_does_not_hold_up_the_others(database: Database, house: House) -> None:
    """Who looks for late jobs passes over the rows that another works on."""
    busy, late = house.jobs.accept(job(timeout=0)).id, house.jobs.accept(job(timeout=0)).id
    with database.begin() as connection:
        assert end(connection, busy)
        assert house.upkeep.expire() == (late,)


def test_a_step_that_is_being_kept_does_not_hold_up_the_others(database: Database, house: House, running: str) -> None:
    """Who looks for lost steps passes over the rows that another works on."""
    house.steps.add(running, [call("User")])
    for key in (REPOS.key, call("User").key):
        claim_one(house.steps, running, key, worker="w", lease=0)
    with database.begin() as connection:
        connection.execute(text("select from step where key = :key for update").bindparams(key=REPOS.key))
        (stall,) = house.upkeep.release(attempts=3)
    assert stall.steps == (call("User").key,)


def test_work_that_is_being_taken_is_no_stall(database: Database, house: House, running: str) -> None:
    """Who looks for stalls passes over the rows that another works on."""
    untaken = [running, house.jobs.accept(job()).id, house.jobs.accept(job()).id]
    house.steps.add(untaken[1], [REPOS])
    with database.begin() as connection:
        connection.execute(text("select from step where job = :of for update").bindparams(of=running))
        connection.execute(text("select from job where id = :of for update").bindparams(of=untaken[2]))
        assert house.upkeep.stalled(grace=0) == (Stall(untaken[1], (REPOS.key,), "step.untaken"),)
    assert [stall.job for stall in house.upkeep.stalled(grace=0)] == untaken


@pytest.mark.parametrize("fingerprint", ["same", "other"])
def test_the_second_with_an_idempotency_key_waits_for_the_first(database: Database, fingerprint: str) -> None:
    jobs, first = PostgresJobs(database, told=quiet), job()
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as connection:
            begin(connection, first.id)
            late = pool.submit(lambda: jobs.accept(job(), idempotency_key="once", fingerprint=fingerprint))
            wait_until_blocked(database, late)
        if fingerprint == "same":
            assert late.result().id == first.id
        else:
            with pytest.raises(IdempotencyMismatch):
                late.result()


def test_the_second_with_an_idempotency_key_is_accepted_when_the_first_is_not(database: Database) -> None:
    jobs, second = PostgresJobs(database, told=quiet), job()
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as connection:
            begin(connection, job().id)
            late = pool.submit(lambda: jobs.accept(second, idempotency_key="once"))
            wait_until_blocked(database, late)
            connection.rollback()
        assert late.result().id == second.id
