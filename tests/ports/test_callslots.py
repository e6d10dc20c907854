"""What the slots of calls promise, in memory and in Redis, by a clock that stands still until a test moves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from packsys.kvstore.address import connect
from packsys.kvstore.callslots import PREFIX, RedisCallSlots
from packsys.limits.demand import Pool
from packsys.memory import MemoryCallSlots
from packsys.ports import Admitted, CallSlots

POOLS = count(1)
LEASE = 15.0


@dataclass
class Clock:
    """Counts milliseconds since 1970."""

    milliseconds: int = 1_700_000_000_000

    def __call__(self) -> float:
        return self.milliseconds / 1000

    def told(self) -> datetime:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.milliseconds)

    def wait(self, seconds: float) -> None:
        self.milliseconds += round(seconds * 1000)


@dataclass
class Scene:
    """Is slots of which two pools are looked at, and a clock; a step is named by a letter."""

    slots: CallSlots
    clock: Clock
    pools: tuple[Pool, ...]

    def ask(self, verb: str, name: str, *pools: Pool) -> tuple[bool, list[str]]:
        """Does something for a step, in all pools where none is named; gives the answer, and the names of the woken."""
        asked: Callable[..., Admitted] = getattr(self.slots, verb)
        found = asked(("job", name), pools or self.pools, lease=LEASE)
        return found.granted, [key for _, key in found.woken]

    def take(self, name: str, *pools: Pool) -> bool:
        granted, woken = self.ask("take", name, *pools)
        assert woken == []
        return granted

    def wait(self, *names: str) -> None:
        for name in names:
            self.clock.wait(0.001)
            assert self.ask("wait", name) == (False, [])


@pytest.fixture(scope="module")
def client(request: pytest.FixtureRequest) -> Iterator[Redis]:
    """Gives a client of the state server."""
    servers = request.getfixturevalue("servers")
    with connect(servers.state_url, timeout=60) as opened:
        yield opened


def scene(kind: str, client: Redis, *limits: int) -> Scene:
    clock = Clock()
    pools = tuple(Pool(key=f"test:{next(POOLS)}", limit=limit) for limit in limits)
    slots = MemoryCallSlots(clock.told) if kind == "memory" else RedisCallSlots(client, now=clock)
    return Scene(slots, clock, pools)


KINDS = pytest.mark.parametrize("kind", ["memory", "redis"])


@KINDS
def test_so_many_run_at_once_as_may_and_one_more_when_one_has_ended(kind: str, client: Redis) -> None:
    at = scene(kind, client, 2)
    assert [at.take(name) for name in "abc"] == [True, True, False]
    assert at.ask("free", "a") == (False, [])
    assert at.take("c")


@KINDS
def test_who_waits_is_handed_what_is_free_in_its_turn_and_nobody_overtakes_it(kind: str, client: Redis) -> None:
    at = scene(kind, client, 1)
    at.take("a")
    at.wait("b", "c")
    assert at.ask("free", "a") == (False, ["b"])
    assert not at.take("new")
    assert at.take("b")
    assert at.ask("free", "b") == (False, ["c"])
    assert at.take("c")


@KINDS
def test_who_comes_to_wait_when_there_is_room_need_not(kind: str, client: Redis) -> None:
    """The slot became free between its question and its parking."""
    at = scene(kind, client, 1)
    at.take("a")
    assert not at.take("b")
    at.ask("free", "a")
    assert at.ask("wait", "b") == (True, [])
    assert not at.take("new")
    assert at.take("b")


@KINDS
def test_a_dead_workers_slot_comes_back_with_its_lease(kind: str, client: Redis) -> None:
    at = scene(kind, client, 1)
    at.take("dead")
    at.clock.wait(LEASE - 0.1)
    assert not at.take("b")
    at.clock.wait(0.2)
    assert at.take("b")


@KINDS
def test_a_call_that_runs_keeps_its_slot(kind: str, client: Redis) -> None:
    at = scene(kind, client, 1)
    for _ in range(5):
        assert at.take("slow")
        at.clock.wait(LEASE * 0.7)
    assert not at.take("b")


@KINDS
def test_what_is_held_for_one_that_does_not_come_is_the_next_ones(kind: str, client: Redis) -> None:
    at = scene(kind, client, 1)
    at.take("a")
    at.wait("cancelled", "b")
    assert at.ask("free", "a") == (False, ["cancelled"])
    assert at.ask("decline", "cancelled") == (False, ["b"])


@KINDS
def test_who_has_come_by_itself_keeps_what_it_took(kind: str, client: Redis) -> None:
    """Whoever was to wake it found it at work, and gives back what was held for it; there is nothing of that left."""
    at = scene(kind, client, 1)
    at.take("a")
    at.wait("b", "c")
    at.ask("free", "a")
    assert at.take("b")
    assert at.ask("decline", "b") == (False, [])
    assert not at.take("new")


@KINDS
def test_a_call_needs_a_slot_in_each_pool_and_blocks_none_that_it_cannot_use(kind: str, client: Redis) -> None:
    at = scene(kind, client, 1, 1)
    workspace, pack = at.pools
    assert at.take("other workspace", pack)
    assert not at.take("b")
    assert at.take("other pack", workspace)


@KINDS
def test_who_was_handed_one_slot_and_lacks_another_hands_it_on(kind: str, client: Redis) -> None:
    at = scene(kind, client, 1, 1)
    workspace, pack = at.pools
    at.take("a", workspace)
    at.wait("b")
    assert at.ask("wait", "c", workspace) == (False, [])
    at.take("d", pack)
    assert at.ask("free", "a", workspace) == (False, ["b"])
    assert at.ask("take", "b") == (False, ["c"])


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["take", "wait", "free", "decline", "pass"]),
        st.sampled_from("abcde"),
        st.sampled_from([(0,), (1,), (0, 1)]),
    ),
    max_size=40,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(limits=st.tuples(st.integers(1, 3), st.integers(1, 3)), operations=OPERATIONS)
def test_both_agree_and_no_pool_ever_lends_more_than_it_has(
    client: Redis, limits: tuple[int, int], operations: list[tuple[str, str, tuple[int, ...]]]
) -> None:
    scenes = [scene(kind, client, *limits) for kind in ("memory", "redis")]
    for verb, name, places in operations:
        for at in scenes:
            at.clock.wait(LEASE / 3 if verb == "pass" else 0.001)
        if verb != "pass":
            memory, real = (at.ask(verb, name, *(at.pools[place] for place in places)) for at in scenes)
            assert memory == real
        for pool in scenes[1].pools:
            assert client.zcount(f"{PREFIX}slots:{pool.key}", f"({scenes[1].clock.milliseconds}", "+inf") <= pool.limit


def test_without_the_server_every_call_may_run_and_nobody_waits() -> None:
    slots = RedisCallSlots(connect("redis+socket:///nonexistent/v.sock", timeout=5))
    pools = (Pool(key="any", limit=1),)
    assert [slots.take(("job", name), pools, lease=LEASE) for name in "ab"] == [Admitted(granted=True)] * 2
    assert slots.wait(("job", "a"), pools, lease=LEASE) == Admitted(granted=False)
    assert slots.free(("job", "a"), pools, lease=LEASE) == Admitted(granted=False)


def test_nothing_is_left_when_all_is_over(client: Redis) -> None:
    at = scene("redis", client, 1)
    at.take("a")
    at.wait("b")
    kept = list(client.scan_iter(f"{PREFIX}*:{at.pools[0].key}"))
    assert len(kept) == 2
    assert all(0 < client.pttl(key) <= 600_000 for key in kept)
