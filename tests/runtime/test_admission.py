"""A call for which there is no slot waits in a row, not in a worker, and goes on when there is one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

import pytest

from packsys.errors import WrongSetUp
from packsys.limits.calls import CallLimits, call_limits
from packsys.limits.demand import Pool
from packsys.model import Event, EventKind, Job, JobState, StepState, Submission
from packsys.ports import Admitted
from packsys.sdk import Context, Pack
from tests.ports.single import claim_one
from tests.runtime.world import World, world

What: TypeAlias = Annotated[str, "What to ask."]


@dataclass
class Service:
    """Counts who is served at once, and does something in the meantime, once."""

    meanwhile: Callable[[], object] = lambda: None
    served: list[str] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    def ask(self, what: str) -> str:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        self.at_once -= 1
        self.served.append(what)
        return what


@dataclass(frozen=True)
class Scene:
    here: World
    service: Service

    def submit(self, what: str, *, pack: str = "Busy", **terms: object) -> str:
        return self.here.submit(Submission(formula=f'{pack}::Ask("{what}")', **terms)).id  # type: ignore[arg-type]

    def job(self, job: str) -> Job:
        return self.here.house.jobs.get(job)

    def meet(self, *others: Callable[[], str]) -> list[str]:
        """Submits a call, and while it is made others, whose messages are all delivered then."""
        jobs: list[str] = []

        def come() -> None:
            jobs.extend(other() for other in others)
            self.here.settle()

        self.service.meanwhile = come
        jobs.insert(0, self.submit("first"))
        self.here.settle()
        return jobs

    def waits(self, job: str) -> Sequence[Event]:
        return [each for each in self.here.house.events.since(job, 0) if each.kind is EventKind.STEP_WAITING]


def scene(limits: CallLimits, slots: Untouched | None = None) -> Scene:
    service = Service()
    packs = [
        Pack(id=9500 + i, name=name, version="1.0.0", description="For a test.")
        for i, name in enumerate(("Busy", "Idle"))
    ]
    for pack in packs:

        @pack.formula(is_action=False)
        def ask(context: Context, what: What) -> str:
            """Asks."""
            return service.ask(what)

    @packs[0].formula(is_action=True)
    def do(context: Context, what: What) -> str:
        """Does."""
        return service.ask(what)

    return Scene(world(*packs, limits=limits, slots=slots), service)


@pytest.mark.parametrize("limits", [CallLimits(each_workspace=1), CallLimits(packs={9500: 1})])
def test_a_call_without_a_slot_is_parked_and_goes_on_when_one_is_free(limits: CallLimits) -> None:
    at = scene(limits)
    jobs = at.meet(lambda: at.submit("second"), lambda: at.submit("third"))
    assert (at.service.most, at.service.served) == (1, ["first", "second", "third"])
    assert [at.job(job).value for job in jobs] == ["first", "second", "third"]
    (waited,) = at.waits(jobs[1])
    assert waited.detail == {"cause": "slots", "seconds": 31.5, "tried": False}
    assert at.here.messages.delays == []


def test_two_slots_are_used_side_by_side() -> None:
    at = scene(CallLimits(each_pack=2))
    jobs = at.meet(lambda: at.submit("second"), lambda: at.submit("third"))
    assert at.service.most == 2
    assert [at.waits(job) for job in jobs] == [[], [], []]


def test_other_workspaces_and_packs_have_slots_of_their_own() -> None:
    at = scene(CallLimits(workspaces={"default": 1}, packs={9500: 2}))
    *_, idle, busy = at.meet(
        lambda: at.submit("elsewhere", workspace="other"),
        lambda: at.submit("idle", pack="Idle"),
        lambda: at.submit("third", workspace="other"),
    )
    assert at.service.served[0] == "elsewhere"
    assert (len(at.waits(idle)), len(at.waits(busy))) == (1, 0)


def test_an_action_is_parked_before_it_begins_and_then_done_once() -> None:
    at = scene(CallLimits(each_pack=1))
    action = Submission(formula='RunActions(Busy::Do("it"))', actions=True)
    _, job = at.meet(lambda: at.here.submit(action).id)
    assert (at.job(job).state, at.service.served) == (JobState.DONE, ["first", "it"])
    assert len(at.waits(job)) == 1


def test_a_slot_is_not_held_for_a_job_that_ended() -> None:
    at = scene(CallLimits(each_pack=1))

    def cancelled() -> str:
        job = at.submit("cancelled")
        at.here.settle()
        at.here.house.jobs.cancel(job)
        return job

    *_, last = at.meet(cancelled, lambda: at.submit("last"))
    assert at.service.served == ["first", "last"]
    assert at.job(last).state is JobState.DONE


def test_a_dead_workers_slot_comes_back_with_its_lease_and_who_waited_goes_on() -> None:
    at = scene(CallLimits(each_pack=1))
    dead = at.submit("dead")
    at.here.messages.waiting.clear()
    (step,) = at.here.house.steps.of(dead)
    claim = claim_one(at.here.house.steps, dead, step.key, worker="dead", lease=30.0)
    assert claim is not None
    held = at.here.execute.make.admission.of(claim)
    assert held.__enter__()
    job = at.submit("other")
    at.here.settle()
    assert at.job(job).state is JobState.RUNNING
    (waiting,) = at.here.house.steps.of(job)
    assert waiting.state is StepState.WAITING
    at.here.house.wait(31)
    for _ in range(3):
        at.here.house.wait(15)
        at.here.reconcile()
        at.here.settle()
    assert {at.job(each).value for each in (dead, job)} == {"dead", "other"}


@dataclass
class Untouched:
    """Is slots that nobody may ask for."""

    def take(self, step: tuple[str, str], pools: Sequence[Pool], *, lease: float) -> Admitted:
        raise AssertionError

    wait = free = decline = take


def test_a_call_that_nothing_is_said_about_asks_for_no_slot() -> None:
    at = scene(CallLimits(workspaces={"other": 1}, packs={9501: 1}), Untouched())
    assert at.job(at.meet()[0]).value == "first"


# As an operator writes it.


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("", CallLimits()),
        ("workspace=20", CallLimits(each_workspace=20)),
        (
            "workspace = 20; workspace sales=50;pack=30; pack 1013=4;",
            CallLimits(each_workspace=20, workspaces={"sales": 50}, each_pack=30, packs={1013: 4}),
        ),
    ],
)
def test_limits_are_read_as_they_are_written(written: str, read: CallLimits) -> None:
    assert call_limits(written) == read


@pytest.mark.parametrize("written", ["20", "workspace", "workspace=0", "pack GitHub=4", "pack 1013=-1", "team=3"])
def test_what_makes_no_sense_is_refused(written: str) -> None:
    with pytest.raises(WrongSetUp, match="pack 1013=4"):
        call_limits(written)
