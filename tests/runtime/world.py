"""A house in memory whose messages a test delivers, repeats or loses."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count, groupby
from pathlib import Path
from typing import Any

from packsys.connections.vault import Secret, Vault
from packsys.errors import NotReady
from packsys.kvstore.results import RedisResults
from packsys.language.compile import Compiler
from packsys.limits.calls import CallLimits
from packsys.memory import MemoryCallSlots, MemoryLasting, MemoryResults, NoPressure, Undisplayed
from packsys.memory.egress import ClosedEgress
from packsys.model import Job, Route, Step, Submission
from packsys.ports import CallSlots, Display, Due, Egress, LastingResults
from packsys.runtime.admission import Admission
from packsys.runtime.advance import Advance
from packsys.runtime.ahead import RunAhead
from packsys.runtime.batch import SubmitMany
from packsys.runtime.calling import MakeCall
from packsys.runtime.connect import Connect
from packsys.runtime.execute import Execute
from packsys.runtime.flights import Flights
from packsys.runtime.heartbeat import Heartbeats
from packsys.runtime.inquire import Inquire
from packsys.runtime.nearby import Nearby
from packsys.runtime.opening import Open
from packsys.runtime.paces import STREAK, Paces
from packsys.runtime.reconcile import Reconcile
from packsys.runtime.retries import Retries
from packsys.runtime.scope import Compile
from packsys.runtime.submit import Submit
from packsys.runtime.surround import Surround
from packsys.runtime.tally import Tally
from packsys.runtime.unwritten import Unwritten
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sandbox.loading import load_pack
from packsys.sdk import Pack
from tests.ports.house import Clock, House, in_memory

PROBE = Path(__file__).parents[1] / "packs" / "probe.py"
ASKING = Path(__file__).with_name("asking.py")
GITHUB = Path(__file__).parents[2] / "packs" / "github"
ATTEMPTS = 3


@dataclass
class Messages:
    """Is a dispatcher whose messages lie in a queue until a test delivers them."""

    joins: bool = False
    passes: bool = False
    away: bool = False
    waiting: deque[tuple[str, ...]] = field(default_factory=deque)
    calls: dict[tuple[str, str], str] = field(default_factory=dict)
    delays: list[float] = field(default_factory=list)
    roused: list[int] = field(default_factory=list)

    def wave(self, steps: Sequence[Step], *, route: Route) -> None:
        if self.away:
            raise NotReady("The broker does not take messages.")
        self.calls.update({(step.job, step.key): step.invocation.name for step in steps})
        self.waiting.extend(("step", step.job, step.key) for step in steps)
        self.waiting.extend([("advance", steps[0].job)] * self.joins)

    def waves(self, waves: Sequence[tuple[Sequence[Step], Route]]) -> None:
        for steps, route in waves:
            self.wave(steps, route=route)

    def again(self, step: Step, *, route: Route, delay: float = 0.0) -> None:
        if self.away:
            raise NotReady("The broker does not take messages.")
        self.delays.append(delay)
        self.calls[step.job, step.key] = step.invocation.name
        self.waiting.extend([("step", step.job, step.key), *[("advance", step.job)] * self.joins])

    def rouse(self, steps: Sequence[tuple[Step, Route]]) -> None:
        self.roused.append(len(steps))
        for step, route in steps:
            self.wave([step], route=route)

    def along(self, job: str, call: str, *, queue: str, most: int) -> Sequence[str]:
        keys: list[str] = []
        while len(keys) < most and self.waiting and not self.joins:
            kind, of, *rest = self.waiting[0]
            if (kind, of) != ("step", job) or self.calls[job, rest[0]] != call:
                break
            keys.append(self.waiting.popleft()[2])
        return keys

    def next(self, queue: str, *, wait: float = 0.0) -> Due | None:
        if not self.passes or not self.waiting or self.waiting[0][0] != "step":
            return None
        _, job, key = self.waiting.popleft()
        return Due(job, key, self.calls[job, key], queue)

    def advance(self, job: str, *, route: Route) -> None:
        self.waiting.append(("advance", job))


@dataclass(frozen=True, kw_only=True)
class World:
    """Is a wired house with its messages and its clock."""

    house: House
    messages: Messages
    submit: Submit
    submit_many: SubmitMany
    execute: Execute
    advance: Advance
    reconcile: Reconcile
    connect: Connect
    inquire: Inquire
    results: MemoryResults | RedisResults
    lasting: LastingResults

    def deliver(self, message: tuple[str, ...]) -> None:
        """Does what a worker does with one message."""
        match message:
            case ("step", job, key):
                self.execute(Due(job, key, self.messages.calls[job, key], "calls"))
            case ("advance", job):
                self.advance(job)

    def calling(self, **terms: Any) -> World:
        """Gives the same world, where calls are made on other terms."""
        make = replace(self.execute.make, **terms)
        return replace(self, execute=replace(self.execute, make=make, ahead=replace(self.execute.ahead, make=make)))

    def settle(self) -> None:
        """Delivers messages until none is left."""
        while self.messages.waiting:
            self.deliver(self.messages.waiting.popleft())

    def waves(self, job: str) -> list[list[str]]:
        """Lists the calls of a job by the wave that they were sent with."""
        steps = self.house.steps.of(job)
        return [[step.invocation.name for step in wave] for _, wave in groupby(steps, key=lambda step: step.wave)]

    def run(self, formula: str, **terms: object) -> Job:
        """Submits a formula, delivers everything, and gives the job as it stands then."""
        job = self.submit(Submission(formula=formula, **terms))  # type: ignore[arg-type]
        self.settle()
        return self.house.jobs.get(job.id)


def world(
    *packs_besides: Pack,
    random: Callable[[], float] = lambda: 0.5,
    house: House | None = None,
    results: MemoryResults | RedisResults | None = None,
    lasting: LastingResults | None = None,
    lease: float = 30.0,
    egress: Egress | None = None,
    joins: bool = False,
    passes: bool = False,
    quick: Sequence[str] = (),
    display: Display | None = None,
    limits: CallLimits | None = None,
    slots: CallSlots | None = None,
    lost: Callable[[int], None] = lambda claims: None,
) -> World:
    """Wires a house, in memory where nothing else is given, with the probe, the GitHub pack and the one that asks.

    Its worker knows the calls named in ``quick`` as such, and then takes every call for quick. Where the dispatcher
    ``passes`` messages on, a slot takes the next one by itself.
    """
    clock, ticks = Clock(), (lambda: 0.0) if quick else time.monotonic
    house, messages, numbers = house or in_memory(clock), Messages(joins=joins, passes=passes), count(1)
    packs = InProcessPacks([load_pack(PROBE), load_pack(GITHUB), load_pack(ASKING), *packs_besides])
    advance = Advance(jobs=house.jobs, steps=house.steps, dispatcher=messages, worker="test", lease=lease, clock=ticks)
    compile_formula = Compile(compiler=Compiler(), packs=packs, connections=house.connections)

    kept, lasting = results or MemoryResults(clock), lasting or MemoryLasting(clock)
    unwritten = Unwritten(house.steps)
    surround = Surround(connections=house.connections, egress=egress or ClosedEgress(), cache=kept)
    flights = Flights(
        desk=kept,
        cache=kept,
        nearby=Nearby(believed=0.0),
        lasting=lasting,
        claims=unwritten,
        dispatcher=messages,
        tally=Tally(kept.count, pause=0.0),
        random=lambda: 0.0,
        lease=lease,
        monotonic=lambda: clock().timestamp(),
    )

    heartbeats = Heartbeats(partial(house.steps.renew, wait=False), lease=lease, lost=lost)
    make = MakeCall(
        claims=unwritten,
        packs=packs,
        runner=packs,
        surround=surround,
        flights=flights,
        admission=Admission(
            limits=limits or CallLimits(),
            slots=slots or MemoryCallSlots(clock),
            claims=unwritten,
            dispatcher=messages,
            retries=Retries(random=random),
            lease=lease,
        ),
        dispatcher=messages,
        retries=Retries(random=random),
        lease=lease,
    )

    def new_id() -> str:
        return f"00000000-0000-7000-8000-{next(numbers):012}"

    submit = Submit(
        compile=compile_formula,
        open=Open(packs=packs, flights=flights),
        jobs=house.jobs,
        dispatcher=messages,
        pressure=NoPressure(),
        now=lambda: datetime.now(UTC),
        new_id=new_id,
    )
    return World(
        house=house,
        messages=messages,
        submit=submit,
        submit_many=SubmitMany(submit=submit, compiling=compile_formula.together),
        execute=Execute(
            steps=house.steps,
            make=make,
            dispatcher=messages,
            advance=advance,
            ahead=RunAhead(
                advance=advance,
                make=make,
                unwritten=unwritten,
                heartbeats=heartbeats,
                paces=_paces(quick),
                clock=ticks,
            ),
            heartbeats=heartbeats,
            display=display or Undisplayed(),
            clock=ticks,
        ),
        inquire=Inquire(packs=packs, runner=packs, surround=surround),
        advance=advance,
        results=kept,
        lasting=lasting,
        reconcile=Reconcile(
            upkeep=house.upkeep,
            steps=house.steps,
            dispatcher=messages,
            grace=10.0,
            attempts=ATTEMPTS,
            backlog=lambda: bool(messages.waiting),
        ),
        connect=Connect(
            packs=packs,
            connections=house.connections,
            vault=Vault({"test": bytes(32)}, current="test"),
            new_id=new_id,
        ),
    )


def _paces(quick: Sequence[str]) -> Paces:
    paces = Paces()
    for name in [*quick] * STREAK:
        paces.note(name, 0.0)
    return paces


def secret() -> Secret:
    """Gives a token that opens nothing."""
    return Secret("a-token-of-a-test")
