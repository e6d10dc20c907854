"""Each invariant can fail: a forged history that breaks it is found out, and by that invariant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.chaos.forged import ACT, CANCELLED, READ, changed, made, sound, story, visit
from tests.chaos.history import Broker, History, Sample, Told
from tests.chaos.invariants import INVARIANTS, LASTING, doubled, judge, lost, stuck
from tests.chaos.trial import verdict


def spoiled(**changes: Callable[[History], Any]) -> History:
    """Gives the sound history with some of it changed."""
    history = sound()
    return replace(history, **{name: change(history) for name, change in changes.items()})


def jobs(index: int, **more: Any) -> Callable[[History], Any]:
    return lambda history: changed(history.jobs, index, **more)


def steps(index: int, **more: Any) -> Callable[[History], Any]:
    return lambda history: changed(history.steps, index, **more)


def events(job: str, *told: str, end: str = "job.done") -> Callable[[History], Any]:
    return lambda history: {**history.events, job: story(job, *told, end=end)}


def visits(*more: Any) -> Callable[[History], Any]:
    return lambda history: [*history.visits, *more]


def told(**more: Any) -> Callable[[History], Any]:
    return lambda history: [*history.told, Told(**{"at": 50.0, "label": READ, "job": "j0", "what": "seen", **more})]


UNFINISHED = {"state": "running", "finished_at": None, "value": None}
LOST = {name: (lambda history: [job for job in history.jobs if job.id != "j0"]) for name in ("jobs",)}
EARLY = ("r1 step.queued", "r2 step.queued", "act step.queued", "r1 step.running", "act step.running")

FORGED: Mapping[str, tuple[str, Mapping[str, Callable[[History], Any]]]] = {
    "an accepted job is nowhere": ("I1", LOST),
    "a job never ends": ("I1", {"jobs": jobs(0, **UNFINISHED)}),
    "a job is ended by its deadline alone": ("I1", {"jobs": jobs(0, state="failed", code="DeadlineExceeded")}),
    "a job ends long after its deadline": ("I1", {"jobs": jobs(0, finished_at=200.0)}),
    "a client is refused for a fault of the house": ("I1", {"told": told(what="refused", code="House", job="")}),
    "an end changes": ("I2", {"told": told(state="failed")}),
    "what was told is not what is kept": ("I2", {"jobs": jobs(0, state="failed", code="OutcomeUnknown")}),
    "a job ends twice": ("I2", {"events": events("j0", *made("read"), "job.failed")}),
    "something happens after the end": ("I2", {"events": events("j0", "job.done", end="job.running")}),
    "an event is missing": ("I2", {"events": lambda history: {**history.events, "j0": history.events["j0"][1:]}}),
    "an outcome is kept twice": ("I3", {"events": events("j0", *made("read"), "read step.done")}),
    "a step is tried too often": ("I3", {"steps": steps(0, attempt=11)}),
    "a value comes from no attempt": ("I3", {"steps": steps(1, value=77.0)}),
    "an outcome is kept without a claim": ("I4", {"events": events("j0", "read step.queued", "read step.done")}),
    "two claims have one number": (
        "I4",
        {"events": events("j0", "read step.queued", "read step.running", "read step.running", "read step.done")},
    ),
    "an attempt is kept that was replaced": (
        "I4",
        {"visits": lambda history: changed(history.visits, 1, at=1.0)},
    ),
    "an action is done with the wrong sum": ("I5", {"visits": lambda history: changed(history.visits, 7, n=1.0)}),
    "a join begins too early": ("I5", {"events": events("j2", *EARLY)}),
    "a value is another": ("I6", {"jobs": jobs(0, value=6.0)}),
    "a job fails without a reason": ("I6", {"jobs": jobs(0, state="failed", code="House", value=None)}),
    "a read ends as only actions may": ("I6", {"jobs": jobs(0, state="failed", code="OutcomeUnknown")}),
    "a job is cancelled by nobody": ("I6", {"jobs": jobs(0, state="cancelled")}),
    "a client is told another value": ("I6", {"told": told(state="done", value=6.0)}),
    "an action is done twice": ("I7", {"visits": visits(visit(9, "act", ACT, 60.0, effect=True))}),
    "an action is said to be done": ("I7", {"visits": lambda history: history.visits[:-1]}),
    "a read comes under two keys": ("I7", {"visits": visits(visit(9, "read", READ, 2, key="another"))}),
    "a value is given that was never read": ("I7", {"visits": lambda history: history.visits[1:]}),
    "a key is two jobs": ("I11", {"told": told(job="j9")}),
    "another request is taken under a key": ("I11", {"told": told(what="other", state="accepted")}),
    "a cancelled job begins a step": ("I13", {"steps": steps(8, started_at=20.5)}),
    "a cancelled job asks on": ("I13", {"visits": visits(visit(9, "read", CANCELLED, 3, at=22.0))}),
    "a queue does not drain": ("I14", {"after": lambda history: Broker(queues={"formulas": 3})}),
    "a message is held for ever": ("I14", {"after": lambda history: Broker(unacked=[31.0])}),
    "a worker does not listen any more": ("I14", {"after": lambda history: Broker(waiting=1)}),
    "the state server fills up": ("I17", {"after": lambda history: Broker(lasting=6 + LASTING, waiting=2)}),
    "a client is told another event": ("I2", {"told": told(what="event", state="step.failed", value=3)}),
    "a client is told another end": (
        "I2",
        {"told": told(what="event", state="job.failed", value=6), "takes_back": lambda history: True},
    ),
    "a job counts wrongly": ("I21", {"miscounted": lambda history: ("j0: open is 1, and 0 steps are open",)}),
    "an empty cache changes an answer": ("I18", {"jobs": jobs(0, value=6.0)}),
    "an empty state server loses a job": ("I19", LOST),
    "readiness does not fall": ("I20", {"samples": lambda history: [Sample(at=25.5, ready=True)]}),
    "readiness does not come back": ("I20", {"samples": lambda history: [Sample(at=25.5, ready=False)]}),
}


def test_a_sound_history_breaks_nothing() -> None:
    assert judge(sound()) == {}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_history_is_found_out(name: str) -> None:
    invariant, changes = FORGED[name]
    assert invariant in judge(spoiled(**changes))


def test_every_invariant_can_fail() -> None:
    assert {invariant for invariant, _ in FORGED.values()} == set(INVARIANTS)


def test_what_is_counted_is_lost_stuck_and_doubled() -> None:
    assert (lost(sound()), stuck(sound()), doubled(sound())) == ([], [], [])
    assert lost(spoiled(**LOST)) == ["j0"]
    assert stuck(spoiled(jobs=jobs(0, **UNFINISHED))) == ["j0"]
    assert doubled(spoiled(visits=visits(visit(9, "act", ACT, 60.0, effect=True)))) == [ACT]


def test_a_verdict_counts_and_shows_the_first_of_each_kind() -> None:
    line = verdict("some", 4, spoiled(**LOST)).line()
    assert (line["fault"], line["jobs"], line["lost"], line["doubled"], line["stuck"]) == ("some", 4, 1, 0, 0)
    assert line["violations"]["I1"] == {"count": 1, "first": ["j0 was accepted and is lost"]}
