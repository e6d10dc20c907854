"""What a process keeps for itself has bounds."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.runtime.nearby import BELIEVED, Nearby
from packsys.runtime.tally import Counted, Tally
from packsys.values import Value
from tests.ports.threads import at_once


@dataclass
class Clock:
    """Counts seconds when it is told to."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


def near(*, entries: int = 1000, capacity: int = 1000) -> Nearby:
    return Nearby(entries=entries, capacity=capacity, clock=Clock())


def test_a_value_is_believed_for_a_moment_and_no_longer_than_it_is_fresh() -> None:
    clock = Clock()
    nearby = Nearby(clock=clock)
    nearby.put("long", 1, fresh_for=3600)
    nearby.put("short", 2, fresh_for=0.5)
    nearby.put("stale", 3, fresh_for=-1)
    assert [nearby.get(name) for name in ("long", "short", "stale")] == [(1,), (2,), None]
    clock.at = 0.5
    assert [nearby.get(name) for name in ("long", "short")] == [(1,), None]
    clock.at = BELIEVED
    assert nearby.get("long") is None
    assert nearby.size == (0, 0)


def test_what_was_not_used_for_longest_goes_first() -> None:
    nearby = near(entries=3)
    for name in "abc":
        nearby.put(name, name, fresh_for=60)
    nearby.get("a")
    assert nearby.put("d", "d", fresh_for=60) == 1
    assert [name for name in "abcd" if nearby.get(name)] == ["a", "c", "d"]


def test_bytes_are_bounded_too() -> None:
    nearby = near(capacity=100)
    nearby.put("a", "x" * 48, fresh_for=60)
    nearby.put("b", "x" * 48, fresh_for=60)
    assert nearby.size == (2, 100)
    assert nearby.put("c", "x" * 8, fresh_for=60) == 1
    assert nearby.size == (2, 60)
    nearby.put("too large", "x" * 99, fresh_for=60)
    assert nearby.get("too large") is None
    assert nearby.size == (2, 60)


def test_what_is_kept_cannot_be_changed_from_outside() -> None:
    value: list[Value] = [1]
    nearby = near()
    nearby.put("list", value, fresh_for=60)
    value.append(2)
    first = nearby.get("list")
    assert first == ([1],)
    assert isinstance(first[0], list)
    first[0].append(3)
    assert nearby.get("list") == ([1],)


def test_its_size_is_right_whatever_many_threads_do() -> None:
    nearby = near(entries=20, capacity=400)

    def use(thread: int) -> None:
        for n in range(300):
            nearby.put(str((n * thread) % 37), "x" * (n % 50), fresh_for=60)
            nearby.get(str(n % 37))

    at_once(use)
    entries, size = nearby.size
    kept = [found for n in range(37) if (found := nearby.get(str(n)))]
    assert (len(kept), sum(len(str(each[0])) + 2 for each in kept)) == (entries, size)
    assert entries <= 20
    assert size <= 400


def test_counts_are_sent_together_and_none_is_lost() -> None:
    sent: list[dict[str, int]] = []
    tally = Tally(lambda counts: sent.append(dict(counts)), pause=3600)
    at_once(lambda n: [tally.add(Counted.MISSES, Counted.LED) for _ in range(100)])
    assert sent == []
    tally.flush()
    tally.flush()
    assert sent == [{"misses": 800, "flights_led": 800}]
