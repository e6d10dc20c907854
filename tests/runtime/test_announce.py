"""Whatever a store makes happen reaches those who follow the job."""

from __future__ import annotations

from collections.abc import Sequence

from packsys.errors import NotReady
from packsys.memory import MemoryFeed
from packsys.model import Event
from packsys.runtime.announce import AnnouncedJobs, AnnouncedSteps, AnnouncedUpkeep, Announcer
from tests.ports.house import in_memory
from tests.ports.samples import call, job

REPOS, USER = call("Repos"), call("User")


def test_every_event_is_passed_on_as_it_happens() -> None:
    house, feed = in_memory(), MemoryFeed()
    announce = Announcer(house.events, feed)
    jobs, steps = AnnouncedJobs(house.jobs, announce), AnnouncedSteps(house.steps, announce)
    upkeep = AnnouncedUpkeep(house.upkeep, announce)

    def told() -> int:
        news = feed.since(kept.id, 0)
        assert news == house.events.since(kept.id, 0)
        return len(news or ())

    kept = jobs.accept(job())
    assert told() == 1
    steps.add(kept.id, [REPOS, USER])
    assert told() == 4
    first = steps.claim(kept.id, REPOS.key, worker="w", lease=30)
    second = steps.claim(kept.id, USER.key, worker="w", lease=30)
    assert told() == 6
    assert first
    assert second
    steps.keep(first, 1)
    steps.postpone(second, delay=0, cause="Api")
    assert told() == 8
    assert steps.claim(kept.id, USER.key, worker="w", lease=1)
    house.wait(2)
    upkeep.release(attempts=5)
    assert told() == 10
    jobs.finish(kept.id, 1)
    assert told() == 11
    late = kept = jobs.accept(job())
    house.wait(61)
    assert upkeep.expire() == (late.id,)
    assert told() == 2


class Away:
    """Is a log of events that does not answer."""

    def since(self, job: str, number: int) -> Sequence[Event]:
        raise NotReady


def test_what_was_done_is_done_even_if_it_cannot_be_passed_on() -> None:
    house, feed = in_memory(), MemoryFeed()
    jobs = AnnouncedJobs(house.jobs, Announcer(Away(), feed))
    kept = jobs.accept(job())
    assert jobs.cancel(kept.id)
    assert feed.since(kept.id, 0) is None
