"""Many jobs that are accepted at once are what each alone would be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from packsys.errors import IdempotencyMismatch
from packsys.model import DeliveryState, Event, Job, JobState, Step
from packsys.store.database import Database
from packsys.turns import Opening, Start
from packsys.values import Value
from tests.ports.house import House, in_postgres
from tests.ports.samples import ERROR, NOBODYS, VALUES, call, job
from tests.ports.threads import at_once

CALLS = tuple(call(name, text='测试 \\ " \0', of=name) for name in ("Repos", "User", "Repo", "Issue", "Act"))
ACTING = replace(CALLS[-1], action=True)


@st.composite
def openings(draw: st.DrawFn) -> Opening:
    """Makes what a job may begin with: nothing, known calls, a wave, both, or known calls and the end."""
    known = draw(st.integers(0, 2))
    answered = tuple((each, draw(st.sampled_from([None, 1, "a\0b", [1, {"x": None}]]))) for each in CALLS[:known])
    if draw(st.booleans()):
        return Opening(answered=answered, outcome=(draw(st.sampled_from([None, 42, ERROR])),))
    wave = (*CALLS[known : known + draw(st.integers(0, 2))], ACTING)[: draw(st.integers(0, 3))]
    return Opening(answered=answered, wave=wave, look_at=draw(st.integers(0, 2)) if wave else 0)


@st.composite
def starts(draw: st.DrawFn) -> Start:
    """Makes a job that is to be accepted, under one of few keys or none."""
    return Start(
        job=job(callback=draw(st.sampled_from([None, "https://caller.example/hook"]))),
        opening=draw(openings()),
        idempotency_key=draw(st.sampled_from([None, "a", "b"])),
        fingerprint=draw(st.sampled_from(["1", "2"])),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(starts(), max_size=6), run=st.uuids())
def test_many_leave_what_one_by_one_leaves(house: House, asked: list[Start], run: Any) -> None:
    together = [_in(each, f"{run}-together") for each in asked]
    alone = [_in(each, f"{run}-alone") for each in asked]
    accepted = house.jobs.accept_many(together)
    assert all(each == house.jobs.get(each.id) for each in accepted if isinstance(each, Job))
    found = [_shown(house, each) for each in accepted]
    assert found == [_shown(house, _accepted(house, each)) for each in alone]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(start=starts())
def test_the_steps_that_come_with_a_job_are_those_that_are_kept(house: House, start: Start) -> None:
    start = replace(start, idempotency_key=None)
    (accepted,) = _jobs(house.jobs.accept_many([start]))
    assert start.begun(accepted).steps == tuple(house.steps.of(accepted.id))


def test_none_are_none(house: House) -> None:
    assert not house.jobs.accept_many([])
    assert not house.jobs.keeping([])()


def test_what_waits_for_the_end_gives_what_is_kept(house: House) -> None:
    first, second = [Start(job=job()), Start(job=job())], [Start(job=job())]
    end = house.jobs.keeping(first)
    kept = [*_jobs(end()), *_jobs(house.jobs.keeping(second)())]
    assert kept == [house.jobs.get(each.job.id) for each in (*first, *second)]


def test_each_answer_stands_at_its_place_and_is_what_is_kept(house: House) -> None:
    asked = [Start(job=job(workspace=space), idempotency_key=space) for space in ("c", "a", "b")]
    accepted = _jobs(house.jobs.accept_many(asked))
    assert [each.id for each in accepted] == [each.job.id for each in asked]
    assert accepted == [house.jobs.get(each.id) for each in accepted]


@pytest.mark.parametrize("text", NOBODYS)
def test_any_text_can_be_part_of_them(house: House, text: str) -> None:
    asked = Start(
        job=job(formula=text, variables={text: text}, asked_by=text, workspace=text),
        opening=Opening(wave=(replace(call("Repos", **{text: text}), formula=text),)),
        idempotency_key=text,
        fingerprint=text,
    )
    (accepted,) = _jobs(house.jobs.accept_many([asked]))
    assert (accepted.formula, accepted.variables, accepted.asked_by) == (text, {text: text}, text)
    assert house.jobs.get(asked.job.id, workspace=text) == accepted
    assert [step.invocation for step in house.steps.of(accepted.id)] == list(asked.opening.wave)
    (again,) = _jobs(house.jobs.accept_many([replace(asked, job=job(workspace=text))]))
    assert again == accepted


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_one_that_is_answered_holds_its_value(house: House, value: Value) -> None:
    opening = Opening(answered=((CALLS[0], value),), outcome=(value,))
    (done,) = _jobs(house.jobs.accept_many([Start(job=job(variables={"V": value}), opening=opening)]))
    assert (done.state, done.value, done.variables) == (JobState.DONE, value, {"V": value})
    assert house.jobs.get(done.id) == done
    assert [step.outcome for step in house.steps.of(done.id)] == [value]


def test_of_several_with_one_key_the_first_is_kept(house: House) -> None:
    first, same, other = (
        Start(job=job(), idempotency_key="once", fingerprint=fingerprint) for fingerprint in ("x", "x", "y")
    )
    kept, again, refused = house.jobs.accept_many([first, same, other])
    assert isinstance(kept, Job)
    assert isinstance(again, Job)
    assert kept.id == again.id == first.job.id
    assert isinstance(refused, IdempotencyMismatch)
    assert len(house.events.since(first.job.id, 0)) == 1


def test_those_that_are_accepted_again_are_the_same_jobs(house: House) -> None:
    """A connection that breaks may leave it open whether the first time succeeded."""
    asked = [Start(job=job(), idempotency_key=key, opening=Opening(wave=CALLS[:2])) for key in (None, "once")]
    first, again = _jobs(house.jobs.accept_many(asked)), _jobs(house.jobs.accept_many(asked))
    assert [each.id for each in first] == [each.id for each in again]
    assert [len(house.steps.of(each.id)) for each in again] == [2, 2]


def test_the_keys_of_many_and_of_one_are_the_same(house: House) -> None:
    one = house.jobs.accept(job(), idempotency_key="once", fingerprint="x")
    (same,) = _jobs(house.jobs.accept_many([Start(job=job(), idempotency_key="once", fingerprint="x")]))
    assert same == house.jobs.get(one.id)


def test_those_who_ask_for_the_same_at_once_in_any_order_get_the_same_jobs(house: House) -> None:
    """Each waits for who was first, and nobody for one who waits for him."""
    keys = [f"key {number}" for number in range(40)]

    def accepted(turn: int) -> dict[str, str]:
        order = keys[turn * 5 :] + keys[: turn * 5]
        asked = [Start(job=job(), idempotency_key=key) for key in (order if turn % 2 else order[::-1])]
        kept = _jobs(house.jobs.accept_many(asked))
        return {each.idempotency_key or "": got.id for each, got in zip(asked, kept, strict=True)}

    first, *others = at_once(accepted)
    assert len(set(first.values())) == len(keys)
    assert all(other == first for other in others)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(asked=st.lists(starts(), max_size=6), run=st.uuids())
def test_what_is_told_of_them_is_what_is_kept(database: Database, asked: list[Start], run: Any) -> None:
    told: list[Event] = []
    house = in_postgres(database, told=told.extend)
    house.jobs.accept_many([_in(each, str(run)) for each in asked])
    jobs = dict.fromkeys(event.job for event in told)
    assert told == [event for each in jobs for event in house.events.since(each, 0)]


def _in(start: Start, workspace: str) -> Start:
    own = job(workspace=workspace, callback=start.job.callback)
    return replace(start, job=own)


def _accepted(house: House, start: Start) -> Job | IdempotencyMismatch:
    try:
        return house.jobs.accept(
            start.job, idempotency_key=start.idempotency_key, fingerprint=start.fingerprint, opening=start.opening
        )
    except IdempotencyMismatch as mismatch:
        return mismatch


def _jobs(answers: Any) -> list[Job]:
    assert all(isinstance(each, Job) for each in answers)
    return list(answers)


def _shown(house: House, answer: Job | IdempotencyMismatch) -> object:
    """Shows all that is kept of a job, but for its id, its workspace and the time of day."""
    if not isinstance(answer, Job):
        return type(answer)
    kept = house.jobs.get(answer.id)
    assert answer.state is kept.state
    steps = [_step(each, answer) for each in house.steps.of(answer.id)]
    events = [_event(each, answer) for each in house.events.since(answer.id, 0)]
    messages = house.deliveries.list(workspace=answer.workspace, state=DeliveryState.PENDING)
    owed = [each.url for each in messages if each.job == answer.id]
    return _job(kept), steps, events, owed, house.progress.of(answer.id)


def _job(answer: Job) -> Job:
    began = answer.accepted_at
    return replace(
        answer,
        id="",
        workspace="",
        accepted_at=_day(began, began),
        deadline=_day(answer.deadline, began),
        started_at=_day(answer.started_at, began),
        finished_at=_day(answer.finished_at, began),
    )


def _step(step: Step, of: Job) -> Step:
    began = of.accepted_at
    return replace(
        step,
        job="",
        queued_at=_day(step.queued_at, began),
        started_at=_day(step.started_at, began),
        finished_at=_day(step.finished_at, began),
    )


def _event(event: Event, of: Job) -> Event:
    detail = {name: value for name, value in event.detail.items() if name != "seconds"}
    return replace(event, job="", at=_day(event.at, of.accepted_at), detail=detail)


def _day(at: datetime | None, began: datetime) -> Any:
    """Gives a time to the minute, as if the job had been accepted at the beginning of a century."""
    minute = timedelta(minutes=1)
    return None if at is None else datetime(2000, 1, 1, tzinfo=UTC) + round((at - began) / minute) * minute
