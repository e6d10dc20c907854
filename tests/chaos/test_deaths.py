"""A worker may die between any two writes, and its messages may be kept, lost or doubled: each job ends all the same.

Every death of a job is died once, one after the other, without processes: what a dead worker held is let go, and time
passes. ``make chaos`` does the same to a whole house, where it is left to chance who is where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from packsys.model import EventKind, Job, Submission
from packsys.store.database import open_database
from tests.chaos.failpoints import READS
from tests.chaos.rows import Rows
from tests.ports.house import House, in_memory, in_postgres
from tests.runtime.world import World, world

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

SHAPES: Mapping[str, tuple[str, object]] = {
    "chain": ("Probe::Add(Probe::Add(Probe::Add(1, 1), 1), 1)", 4),
    "mixed": ("Probe::Echo(Probe::Add(List(1, 2, 3).FormulaMap(Probe::Add(CurrentValue, 1)).Sum(), 1))", 10),
    "early": ("List(1, 2, 3).FormulaMap(Probe::Add(Probe::Echo(CurrentValue), 1)).Sum()", 9),
    "branch": ("If(Probe::Add(1, 1) = 2, Probe::Add(1, 2) + Probe::Add(2, 2), 0)", 7),
    "action": ("Probe::Act(Probe::Echo('once')).Label", "once"),
}
WAYS: Mapping[str, Mapping[str, Any]] = {
    "quick": {},
    "together": {"quick": ("Probe::Add", "Probe::Echo")},
    "in turn": {"passes": True},
    "canvas": {"joins": True},
}
LEASE, GRACE = 31.0, 15


class Dead(BaseException):
    """Is the end of a worker, which nothing in it can catch."""


@dataclass
class Fate:
    """Counts the writes of a world; a worker dies after the one that is numbered ``last``."""

    last: int = 0
    writes: int = 0

    def around(self, store: Any) -> Any:
        """Gives a store that counts its writes, and lets the worker die."""
        return _Counted(store, self)

    def written(self) -> None:
        """Counts one."""
        self.writes += 1
        if self.writes == self.last:
            raise Dead


class _Counted:
    def __init__(self, store: Any, fate: Fate) -> None:
        self._store, self._fate = store, fate

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._store, name)
        return found if name in READS else self._written(found)

    def _written(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def called(*args: Any, **terms: Any) -> Any:
            result = call(*args, **terms)
            self._fate.written()
            return result

        return called


@dataclass(frozen=True, kw_only=True)
class Place:
    """Is where jobs are kept, and what looks whether they count well."""

    house: House
    miscounted: Callable[[str], Sequence[str]] = field(default=lambda run: ())


@pytest.fixture(params=["memory", "postgres"])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Gives stores in memory, and real ones."""
    if request.param == "memory":
        yield Place(house=in_memory())
        return
    url = request.getfixturevalue("database_url")
    with closing(open_database(url)) as database, closing(Rows(url, "death")) as rows:
        yield Place(house=in_postgres(database), miscounted=lambda run: rows.miscounted())


def kept(world: World) -> None:
    """Leaves messages as they are."""


def lost(world: World) -> None:
    """Loses them all, as a state server does that forgets."""
    world.messages.waiting.clear()


def doubled(world: World) -> None:
    """Doubles them, and turns their order round."""
    world.messages.waiting.extend(list(world.messages.waiting)[::-1])


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Gives the file in which actions leave their effect."""
    monkeypatch.setenv("PROBE_LOG", str(tmp_path / "log"))
    return tmp_path / "log"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("messages", [kept, lost, doubled])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_job_ends_wherever_its_worker_died(
    place: Place, shape: str, messages: Callable[[World], None], log: Path, way: str
) -> None:
    whole = Fate()
    assert _run(place, whole, shape, messages, "death-0", way=way).value == SHAPES[shape][1]
    assert whole.writes >= 3
    for last in range(1, whole.writes + 1):
        log.unlink(missing_ok=True)
        job = _run(place, Fate(last=last), shape, messages, f"death-{last}", way=way)
        _check(place, job, shape, log)


@pytest.mark.parametrize("messages", [kept, lost, doubled])
def test_jobs_that_were_submitted_together_end_wherever_their_worker_died(
    place: Place, messages: Callable[[World], None]
) -> None:
    """The one who submits them dies as well: between what is kept and what is sent, too."""
    whole = Fate()
    assert _together(place, whole, messages, "batch-0") == {4, 7}
    assert whole.writes > 3
    for last in range(1, whole.writes + 1):
        assert _together(place, Fate(last=last), messages, f"batch-{last}") == {4, 7}


def test_reconcilers_that_die_before_they_send_what_they_found_cost_a_job_a_grace_each(place: Place) -> None:
    """Not twice as long each time: no message waits, so that the job's own cannot be among those that do."""
    here = world(house=place.house)
    job = here.submit(Submission(formula=SHAPES["branch"][0], idempotency_key="death-reconcilers"))
    here.messages.waiting.clear()
    for _ in range(5):
        place.house.wait(10)
        dying = replace(here.reconcile, upkeep=Fate(last=3).around(place.house.upkeep))  # expire, release, stalled
        with pytest.raises(Dead):
            dying()
    place.house.wait(10)
    assert here.reconcile() == 1
    here.settle()
    assert place.house.jobs.get(job.id).value == SHAPES["branch"][1]


def _together(place: Place, fate: Fate, messages: Callable[[World], None], key: str) -> set[object]:
    here = _mortal(place, fate, key, "quick")
    asked = [Submission(formula=SHAPES[shape][0], idempotency_key=f"{key}-{shape}") for shape in ("chain", "branch")]
    for turn in range(GRACE):
        with suppress(Dead):
            jobs = here.submit_many(asked[:: (-1) ** turn])  # in any order
            here.settle()
            here.reconcile()
            here.settle()
            now = [place.house.jobs.get(job.id) for job in jobs if isinstance(job, Job)]
            if len(now) == len(asked) and all(job.state.final for job in now):
                return {job.value for job in now}
        messages(here)
        assert not place.miscounted(key)
        place.house.wait(LEASE)
    raise AssertionError(f"{key} does not end.")


def _run(place: Place, fate: Fate, shape: str, messages: Callable[[World], None], key: str, *, way: str) -> Job:
    here = _mortal(place, fate, key, way)
    return _to_its_end(place, here, Submission(formula=SHAPES[shape][0], idempotency_key=key, actions=True), messages)


def _mortal(place: Place, fate: Fate, key: str, way: str) -> World:
    mortal = replace(place.house, steps=fate.around(place.house.steps), jobs=fate.around(place.house.jobs))
    here = world(house=mortal, **WAYS[way])
    submit = replace(here.submit, new_id=lambda: f"{key}-{uuid4()}")
    return replace(here, submit=submit, submit_many=replace(here.submit_many, submit=submit))


def _to_its_end(place: Place, here: World, asked: Submission, messages: Callable[[World], None]) -> Job:
    job = None
    for _ in range(GRACE):
        with suppress(Dead):
            job = here.submit(asked)  # a client that was not answered asks again under its key
            here.settle()
            here.reconcile()
            here.settle()
        messages(here)
        assert not place.miscounted(asked.idempotency_key or "")
        if job is not None and place.house.jobs.get(job.id).state.final:
            return place.house.jobs.get(job.id)
        place.house.wait(LEASE)
    raise AssertionError(f"{asked.idempotency_key} does not end.")


def _check(place: Place, job: Job, shape: str, log: Path) -> None:
    effects = log.read_text().splitlines() if log.exists() else []
    assert len(effects) <= 1
    if job.error is None:
        assert (job.value, effects) == (SHAPES[shape][1], ["once"] if shape == "action" else [])
    else:
        assert (shape, job.error.code) == ("action", "OutcomeUnknown")
    told = place.house.events.since(job.id, 0)
    assert [event.number for event in told] == list(range(1, len(told) + 1))
    ended = [event.step for event in told if event.kind in (EventKind.STEP_DONE, EventKind.STEP_FAILED)]
    assert len(ended) == len(set(ended))
