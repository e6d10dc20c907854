"""Counts what happens to jobs and steps, from the events that are told of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from packsys.metrics.declared import JOBS, STEP_WAIT_SECONDS, STEP_WAITS, STEPS
from packsys.metrics.measure import Measure
from packsys.model import Event, EventKind
from packsys.ports import Feed, Series

_JOBS: Mapping[EventKind, Series] = MappingProxyType(
    {
        kind: Series(JOBS.name, (kind.value.removeprefix("job."),))
        for kind in (EventKind.JOB_ACCEPTED, EventKind.JOB_DONE, EventKind.JOB_FAILED, EventKind.JOB_CANCELLED)
    }
)
_STEPS: Mapping[tuple[EventKind, bool], Series] = MappingProxyType(
    {
        (kind, cached): Series(STEPS.name, (kind.value.removeprefix("step."), str(cached).lower()))
        for kind in (EventKind.STEP_DONE, EventKind.STEP_FAILED)
        for cached in (False, True)
    }
)


@dataclass(frozen=True, kw_only=True)
class CountingFeed:
    """Passes events on as another feed does, and counts them: each transition is told once, after it was kept.

    A transition that is told twice, because its statement was repeated, is counted twice.
    """

    feed: Feed
    measure: Measure

    def publish(self, events: Sequence[Event]) -> None:
        """Passes events on."""
        self.feed.publish(events)
        if counts := tally(events):
            self.measure.add(counts)

    def since(self, job: str, number: int) -> Sequence[Event] | None:
        """Lists a live job's events after the given number, as far as they have come through."""
        return self.feed.since(job, number)

    def listen(self, job: str, ring: Callable[[], None]) -> Callable[[], None]:
        """Calls ``ring`` soon after each new event, until the returned function is called."""
        return self.feed.listen(job, ring)


def tally(events: Sequence[Event]) -> dict[Series, float]:
    """Counts jobs and steps by what became of them."""
    counts: defaultdict[Series, float] = defaultdict(float)
    for event in events:
        kind = event.kind
        if kind is EventKind.STEP_DONE or kind is EventKind.STEP_FAILED:
            counts[_STEPS[kind, event.detail.get("cached") is True]] += 1
        elif kind is EventKind.STEP_WAITING:
            cause = str(event.detail.get("cause"))
            counts[Series(STEP_WAITS.name, (cause,))] += 1
            counts[Series(STEP_WAIT_SECONDS.name, (cause,))] += _seconds(event)
        elif kind in _JOBS:
            counts[_JOBS[kind]] += 1
    return counts


def _seconds(event: Event) -> float:
    seconds = event.detail.get("seconds")
    return float(seconds) if isinstance(seconds, int | float) else 0.0
