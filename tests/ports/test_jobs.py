"""What every JobStore promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from packsys.errors import IdempotencyMismatch, NotFound
from packsys.model import JobState
from packsys.turns import Opening
from packsys.values import ErrorValue, Value
from tests.ports.house import House
from tests.ports.samples import ERROR, NOBODYS, VALUES, call, job
from tests.ports.threads import at_once


def test_an_accepted_job_is_found_as_it_was_asked_for(house: House) -> None:
    asked = job(variables={"Url": "https://github.example/x", "Nothing": None})
    accepted = house.jobs.accept(asked)
    assert house.jobs.get(asked.id) == accepted
    assert accepted == replace(asked, accepted_at=accepted.accepted_at, deadline=accepted.deadline)
    assert accepted.state is JobState.ACCEPTED


def test_a_job_is_accepted_on_the_stores_clock(house: House) -> None:
    """The asker's clock may be wrong: only how long the job was given counts."""
    accepted = house.jobs.accept(job(timeout=90))
    assert accepted.deadline - accepted.accepted_at == timedelta(seconds=90)
    assert abs(accepted.accepted_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_another_workspaces_job_is_not_found(house: House) -> None:
    kept = house.jobs.accept(job(workspace="ours"))
    assert house.jobs.get(kept.id, workspace="ours") == kept
    with pytest.raises(NotFound, match="no job"):
        house.jobs.get(kept.id, workspace="theirs")


@pytest.mark.parametrize("nobodys", NOBODYS)
def test_an_absent_job_is_not_found(house: House, nobodys: str) -> None:
    """Any text may arrive as an id, also one that PostgreSQL refuses to look at."""
    with pytest.raises(NotFound):
        house.jobs.get(nobodys)
    assert not house.jobs.finish(nobodys, 1)
    assert not house.jobs.cancel(nobodys)


@pytest.mark.parametrize("text", NOBODYS)
def test_any_text_can_be_part_of_a_job(house: House, text: str) -> None:
    asked = job(formula=text, variables={text: text}, asked_by=text, workspace=text)
    accepted = house.jobs.accept(asked, idempotency_key=text, fingerprint=text)
    assert (accepted.formula, accepted.variables, accepted.asked_by) == (text, {text: text}, text)
    assert house.jobs.get(asked.id, workspace=text) == accepted
    assert house.jobs.accept(job(workspace=text), idempotency_key=text, fingerprint=text) == accepted


@pytest.mark.parametrize("key", [None, "once"])
def test_a_job_that_is_accepted_again_is_the_same_job(house: House, key: str | None) -> None:
    """A connection that breaks may leave it open whether the first time succeeded."""
    asked, opening = job(), Opening(wave=(call("Repos"),))
    first = house.jobs.accept(asked, idempotency_key=key, fingerprint="a", opening=opening)
    again = house.jobs.accept(asked, idempotency_key=key, fingerprint="a", opening=opening)
    assert again.id == first.id
    assert [step.number for step in house.steps.of(first.id)] == [1]
    assert [event.number for event in house.events.since(first.id, 0)] == [1, 2, 3]


def test_the_same_idempotency_key_gives_the_same_job(house: House) -> None:
    first = house.jobs.accept(job(), idempotency_key="once", fingerprint="a")
    house.jobs.finish(first.id, 1)
    assert house.jobs.accept(job(), idempotency_key="once", fingerprint="a") == house.jobs.get(first.id)


def test_an_idempotency_key_is_good_for_one_request(house: House) -> None:
    house.jobs.accept(job(), idempotency_key="once", fingerprint="a")
    refused = job()
    with pytest.raises(IdempotencyMismatch):
        house.jobs.accept(refused, idempotency_key="once", fingerprint="b")
    with pytest.raises(NotFound):
        house.jobs.get(refused.id)


def test_an_idempotency_key_belongs_to_a_workspace(house: House) -> None:
    ours = house.jobs.accept(job(workspace="ours"), idempotency_key="once", fingerprint="a")
    theirs = house.jobs.accept(job(workspace="theirs"), idempotency_key="once", fingerprint="b")
    assert ours.id != theirs.id


def test_jobs_without_an_idempotency_key_are_different_jobs(house: House) -> None:
    assert house.jobs.accept(job()).id != house.jobs.accept(job()).id


def test_one_idempotency_key_used_at_once_makes_one_job(house: House) -> None:
    accepted = at_once(lambda _: house.jobs.accept(job(), idempotency_key="once", fingerprint="a"))
    assert len({kept.id for kept in accepted}) == 1
    assert len(house.events.since(accepted[0].id, 0)) == 1


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_finished_job_holds_its_value(house: House, value: Value) -> None:
    kept = house.jobs.accept(job(variables={"V": value}))
    assert house.jobs.finish(kept.id, value)
    done = house.jobs.get(kept.id)
    assert (done.state, done.value, done.error) == (JobState.DONE, value, None)
    assert done.variables == {"V": value}
    assert done.finished_at is not None


def test_a_job_that_ends_in_an_error_has_failed(house: House) -> None:
    kept = house.jobs.accept(job())
    assert house.jobs.finish(kept.id, ERROR)
    failed = house.jobs.get(kept.id)
    assert (failed.state, failed.value, failed.error) == (JobState.FAILED, None, ERROR)


def test_a_cancelled_job_has_neither_value_nor_error(house: House) -> None:
    kept = house.jobs.accept(job())
    assert house.jobs.cancel(kept.id)
    cancelled = house.jobs.get(kept.id)
    assert (cancelled.state, cancelled.value, cancelled.error) == (JobState.CANCELLED, None, None)


@pytest.mark.parametrize("outcome", [1, ErrorValue("Api", "No.")])
@pytest.mark.parametrize("running", [False, True])
def test_a_job_ends_once(house: House, running: bool, outcome: Value) -> None:
    finished, cancelled = house.jobs.accept(job()), house.jobs.accept(job())
    if running:
        house.steps.add(finished.id, [call("Repos")])
        house.steps.add(cancelled.id, [call("Repos")])
    assert house.jobs.finish(finished.id, outcome)
    assert house.jobs.cancel(cancelled.id)
    ends = [house.jobs.get(finished.id), house.jobs.get(cancelled.id)]
    for kept in (finished, cancelled):
        assert not house.jobs.finish(kept.id, 2)
        assert not house.jobs.finish(kept.id, ERROR)
        assert not house.jobs.cancel(kept.id)
    assert ends == [house.jobs.get(finished.id), house.jobs.get(cancelled.id)]


def test_of_many_ends_at_once_one_counts(house: House) -> None:
    kept = house.jobs.accept(job())
    ended = at_once(lambda n: house.jobs.finish(kept.id, n) if n % 2 else house.jobs.cancel(kept.id))
    assert ended.count(True) == 1
    winner = ended.index(True)
    assert house.jobs.get(kept.id).value == (winner if winner % 2 else None)
