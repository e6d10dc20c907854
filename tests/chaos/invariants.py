"""The invariants, each a function that lists what breaks it in a history; an empty list is what we want.

Left out, because there is nothing to check yet: I8 (sync tables) and I12 (schedules). Held elsewhere: I9 (refreshes) by
``tests/connections/test_refresh_storm.py``, I10 (rate limits) by ``tests/limits/test_upstream.py``, I15 (workspaces) by
``tests/runtime/test_running.py::test_workspaces_share_no_cached_result``, I16 (secrets) by
``tests/system/test_canary.py``.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise

from tests.chaos.history import FINAL, EventRow, History, JobRow, StepRow

PERIOD = 5.0
"""Seconds beyond its deadline within which a job ends: two rounds of the reconciler, and some for a busy machine."""

BUSY = frozenset({"NotReady", "Unreachable", "StillRunning"})
"""What a client may be told that is to come again later."""

SOON = 1.0
"""Seconds after which a cancelled job begins no call any more."""

LASTING = 20
"""Keys without an end that may be added to the state server: queues, bindings and the like, whatever the load."""

UNREADY, READY = 30.0, 60.0
"""Seconds within which readiness follows a server that went away, and one that came back."""

JOINED = frozenset({"chain", "concluded", "mixed", "quick", "hurried", "between"})
"""Shapes of jobs whose last step is of what all the others give."""

OPENED = "step.done from the cache"
"""What happens to a call that was answered when its job was accepted: nobody claims it."""

_ENDS = ("job.done", "job.failed", "job.cancelled")
_RANK = {"accepted": 0, "running": 1, **dict.fromkeys(FINAL, 2)}
_NEXT: Mapping[str, frozenset[str]] = {
    "": frozenset({"step.queued"}),
    "step.queued": frozenset({"step.running", "step.failed", OPENED}),
    "step.running": frozenset({"step.running", "step.queued", "step.waiting", "step.done", "step.failed", OPENED}),
    "step.waiting": frozenset({"step.running", "step.failed"}),
    "step.done": frozenset(),
    "step.failed": frozenset(),
    OPENED: frozenset(),
}


def lost(history: History) -> list[str]:
    """Lists the jobs that were accepted and are nowhere."""
    there = {job.id for job in history.jobs}
    return sorted({told.job for told in history.told if told.job and told.what != "other"} - there)


def stuck(history: History) -> list[str]:
    """Lists the jobs that have not ended, or that nothing ended but their deadline."""
    return [job.id for job in history.jobs if job.state not in FINAL or job.code == "DeadlineExceeded"]


def doubled(history: History) -> list[str]:
    """Lists the labels of effects that were done more than once."""
    return [label for label, times in _effects(history).items() if times > 1]


def i1(history: History) -> Iterator[str]:
    """Every accepted job ends before its deadline and one period; what is not accepted may come again."""
    yield from (f"{job} was accepted and is lost" for job in lost(history))
    for told in history.told:
        if told.what in ("refused", "silence") and told.code not in BUSY:
            yield f"{told.label}: a client was answered {told.code}"
    for job in history.jobs:
        if job.state not in FINAL:
            yield f"{job.id} ({job.label}) is still {job.state}"
        elif job.code == "DeadlineExceeded":
            yield f"{job.id} ({job.label}) stood still until its deadline"
        elif job.finished_at is None or job.finished_at > job.deadline + PERIOD:
            yield f"{job.id} ({job.label}) ended after its deadline"


def i2(history: History) -> Iterator[str]:
    """A job moves along the allowed states, and an end never changes."""
    for job in history.jobs:
        yield from _wrong_story(job, history.events.get(job.id, ()))
    yield from _told_otherwise(history)
    states = {job.id: job.state for job in history.jobs}
    seen: dict[str, str] = {}
    for told in sorted(history.told, key=lambda told: told.at):
        if told.what not in ("accepted", "seen", "cancelled") or not told.job:
            continue
        before = seen.get(told.job, "accepted")
        if before in FINAL and told.state != before:
            yield f"{told.job} was {before}, and then {told.state}"
        if told.state in FINAL:
            seen[told.job] = told.state
            if told.job in states and states[told.job] != told.state:
                yield f"{told.job} was told as {told.state} and is {states[told.job]}"


def _told_otherwise(history: History) -> Iterator[str]:
    # A database that was killed may take back what was told of steps, and never a job's end.
    kinds = {(event.job, event.number): event.kind for events in history.events.values() for event in events}
    for told in history.told:
        certain = told.state in _ENDS or not history.takes_back
        if told.what == "event" and certain and kinds.get((told.job, told.value)) != told.state:
            yield f"{told.job}: a client was told its event {told.value} as {told.state}, and that is another one"


def _wrong_story(job: JobRow, events: Sequence[EventRow]) -> Iterator[str]:
    if [event.number for event in events] != list(range(1, len(events) + 1)):
        yield f"{job.id}: its events are not numbered from 1 without gaps"
    kinds = [event.kind for event in events]
    if kinds[:1] != ["job.accepted"] or kinds.count("job.accepted") != 1 or kinds.count("job.running") > 1:
        yield f"{job.id}: it was not accepted and begun once"
    ends = [kind for kind in kinds if kind in _ENDS]
    if job.state in FINAL and ends != [f"job.{job.state}"]:
        yield f"{job.id} is {job.state}, and its events end it as {ends}"
    if ends and kinds[-1] not in _ENDS:
        yield f"{job.id}: {kinds[-1]} was told after its end"


def i3(history: History) -> Iterator[str]:
    """Each step has one outcome at most, from one attempt; attempts have a cap."""
    for (job, key), events in _by_step(history).items():
        ends = [event.kind for event in events if event.kind in ("step.done", "step.failed")]
        if len(ends) > 1:
            yield f"{job} {key}: its outcome was kept {len(ends)} times"
    parked = Counter(
        (event.job, event.step)
        for events in history.events.values()
        for event in events
        if event.kind == "step.waiting" and event.detail.get("tried") is False
    )
    stamps = {(visit.label, float(visit.number)) for visit in history.visits if visit.call == "stamp"}
    for step, of in _with_jobs(history):
        if step.attempt - parked[step.job, step.key] > history.attempts:
            yield f"{step.job} {step.key}: it was tried {step.attempt} times"
        if _stamped(history, of) and step.state == "done" and (of.label, float(step.value)) not in stamps:
            yield f"{step.job} {step.key}: its value {step.value} is that of no attempt"


def i4(history: History) -> Iterator[str]:
    """An attempt that lost its claim writes nothing."""
    for (job, key), events in _by_step(history).items():
        kinds = ["", *map(_kind, events)]
        if wrong := [f"{later} after {earlier}" for earlier, later in pairwise(kinds) if later not in _NEXT[earlier]]:
            yield f"{job} {key}: {wrong[0]}"
        numbers = [event.detail.get("attempt") for event in events if event.kind == "step.running"]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{job} {key}: its attempts are numbered {numbers}"
    yield from _stale(history)


def _kind(event: EventRow) -> str:
    return OPENED if event.kind == "step.done" and event.detail.get("cached") else event.kind


def _stale(history: History) -> Iterator[str]:
    # A kept stamp names the request that it came from: it must be one of the last attempt.
    asked = {visit.number: visit.at for visit in history.visits}
    claims = {
        (event.job, event.step): event.at
        for events in history.events.values()
        for event in events
        if event.kind == "step.running"
    }
    for step, job in _with_jobs(history):
        if _stamped(history, job) and step.state == "done" and job.state == "done":
            at, claimed = asked.get(int(step.value)), claims.get((step.job, step.key))
            if at is not None and claimed is not None and at < claimed:
                yield f"{step.job} {step.key}: an attempt was kept that had been replaced"


def i5(history: History) -> Iterator[str]:
    """What joins others takes effect once, when all of them have ended, and with what they gave."""
    for visit in history.visits:
        order = history.orders.get(visit.label)
        if visit.effect and order and order.effect != visit.n:
            yield f"{order.label}: done with {visit.n} in place of {order.effect}"
    for job in history.jobs:
        order = history.orders.get(job.label)
        if order and order.shape in JOINED and job.state == "done":  # it has all its steps
            yield from _too_early(job, history)


def _too_early(job: JobRow, history: History) -> Iterator[str]:
    numbers = {step.key: step.number for step in history.steps if step.job == job.id}
    last = max(numbers.values(), default=0)
    open_ = {key for key, number in numbers.items() if number < last}
    for event in history.events.get(job.id, ()):
        if event.kind in ("step.done", "step.failed"):
            open_.discard(event.step or "")
        if event.kind == "step.running" and numbers.get(event.step or "") == last and last > 1 and open_:
            yield f"{job.id}: its last step began before {len(open_)} others had ended"


def i6(history: History) -> Iterator[str]:
    """A value does not depend on what died meanwhile; who fails has a reason."""
    codes = {job.id: job for job in history.jobs}
    for job in codes.values():
        order = history.orders.get(job.label)
        if order is None:
            continue
        if job.state == "done" and order.value is not None and job.value != order.value:
            yield f"{job.id} ({job.label}, {order.shape}) gave {job.value} in place of {order.value}"
        if job.state == "cancelled" and not order.cancelled:
            yield f"{job.id} ({job.label}) is cancelled, and nobody asked for that"
        if job.state == "failed" and not _excused(job, history):
            yield f"{job.id} ({job.label}, {order.shape}) failed as {job.code}"
    for told in history.told:
        job_told = codes.get(told.job)
        if told.state == "done" and job_told and told.value != job_told.value:
            yield f"{told.job}: a client was told {told.value}, kept is {job_told.value}"


def _excused(job: JobRow, history: History) -> bool:
    if job.code == "OutcomeUnknown":
        return job.code in history.excuses and history.orders[job.label].effect is not None
    if job.code == "WorkerLost":
        return any(step.code == "WorkerLost" and step.attempt >= 5 for step in history.steps if step.job == job.id)
    return job.code in history.excuses or job.code == "DeadlineExceeded"  # the latter is told by I1


def i7(history: History) -> Iterator[str]:
    """An action is done once at most, and once if it is said to be done; a read repeats under one key."""
    effects = _effects(history)
    yield from (f"{label}: done {times} times" for label, times in effects.items() if times > 1)
    keys: dict[tuple[str, str, float], set[str]] = defaultdict(set)
    for visit in history.visits:
        if visit.label:
            keys[visit.label, visit.call, visit.n].add(visit.key)
    yield from (f"{call}: its attempts carry {len(found)} keys" for call, found in keys.items() if len(found) > 1)
    for job in history.jobs:
        order = history.orders.get(job.label)
        if order is None or job.state != "done":
            continue
        if order.effect is not None and not effects[job.label]:
            yield f"{job.id} ({job.label}) is done, and its action is not"
        read = {n for label, call, n in keys if label == job.label and call != "act"}
        if missing := set(order.reads) - read:
            yield f"{job.id} ({job.label}) is done, and {missing} were never read"


def i11(history: History) -> Iterator[str]:
    """One idempotency key is one job; with another request it is refused."""
    jobs: dict[str, set[str]] = defaultdict(set)
    for told in history.told:
        if told.what == "other" and told.code != "IdempotencyMismatch":
            yield f"{told.label}: another request under its key was answered {told.code or told.state}"
        elif told.job and told.what != "other":
            jobs[told.label].add(told.job)
    for job in history.jobs:
        jobs[job.label].add(job.id)
    yield from (f"{label}: it is {len(found)} jobs" for label, found in jobs.items() if len(found) > 1)


def i13(history: History) -> Iterator[str]:
    """A cancelled job begins nothing more."""
    ended = {job.id: job for job in history.jobs if job.state == "cancelled" and job.finished_at is not None}
    for step in history.steps:
        job = ended.get(step.job)
        if job and step.started_at and job.finished_at and step.started_at > job.finished_at:
            yield f"{step.job} {step.key}: it was begun after its job was cancelled"
    until = {job.label: (job.finished_at or 0) + SOON + history.frozen for job in ended.values()}
    for visit in history.visits:
        if visit.label in until and visit.at > until[visit.label]:
            yield f"{visit.label}: {visit.call} was asked for {visit.at - until[visit.label]:.1f} s too late"


def i14(history: History) -> Iterator[str]:
    """The backlog drains: queues are empty, nothing is held but by workers that died, and all wait for more."""
    yield from (f"the queue {name} holds {left} messages" for name, left in history.after.queues.items() if left)
    held = [taken for taken in history.after.unacked if taken > history.healed]
    if held:
        yield f"{len(held)} messages were taken after the fault and are not acknowledged"
    if history.after.waiting < history.before.waiting:
        yield f"{history.after.waiting} clients wait for messages, and {history.before.waiting} did before the fault"


def i21(history: History) -> Iterator[str]:
    """What a live job counts is what its rows are, at any moment; and what an ended one counts, in the end."""
    yield from history.miscounted


def i17(history: History) -> Iterator[str]:
    """The state server does not fill up with keys that stay."""
    more = history.after.lasting - history.before.lasting
    if more > LASTING:
        yield f"{more} keys have come that never expire"


def i18(history: History) -> Iterator[str]:
    """Emptying the cache changes no answer."""
    return i6(history) if "cache" in history.emptied else iter(())


def i19(history: History) -> Iterator[str]:
    """Emptying the state server loses no job."""
    return i1(history) if "state" in history.emptied else iter(())


def i20(history: History) -> Iterator[str]:
    """Readiness follows a server that goes away, and one that comes back."""
    for begun, ended in history.outages:
        within = [sample for sample in history.samples if begun < sample.at < min(ended, begun + UNREADY)]
        if within and all(sample.ready for sample in within):
            yield f"readiness stayed true in an outage of {ended - begun:.1f} s"
        if not any(sample.ready for sample in history.samples if ended < sample.at < ended + READY):
            yield f"readiness was not true within {READY:g} s after an outage"


INVARIANTS: Mapping[str, Callable[[History], Iterator[str]]] = {
    function.__name__.upper(): function
    for function in (i1, i2, i3, i4, i5, i6, i7, i11, i13, i14, i17, i18, i19, i20, i21)
}


def judge(history: History) -> dict[str, list[str]]:
    """Gives what broke each invariant that was broken."""
    return {name: found for name, function in INVARIANTS.items() if (found := list(function(history)))}


def _effects(history: History) -> Counter[str]:
    return Counter(visit.label for visit in history.visits if visit.effect)


def _by_step(history: History) -> Mapping[tuple[str, str], list[EventRow]]:
    found: dict[tuple[str, str], list[EventRow]] = defaultdict(list)
    for events in history.events.values():
        for event in events:
            if event.step is not None:
                found[event.job, event.step].append(event)
    return found


def _with_jobs(history: History) -> Iterator[tuple[StepRow, JobRow]]:
    jobs = {job.id: job for job in history.jobs}
    return ((step, jobs[step.job]) for step in history.steps if step.job in jobs)


def _stamped(history: History, job: JobRow) -> bool:
    order = history.orders.get(job.label)
    return order is not None and order.shape == "stamp"
