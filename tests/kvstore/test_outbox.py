"""What waits to be sent is sent in batches, and at once where somebody waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue

from packsys.kvstore.outbox import Outbox

LONG = 30.0


def box(sent: SimpleQueue[list[int]], *, linger: float) -> Outbox[int]:
    """Gives a box in which negative numbers are urgent."""

    def send(things: Sequence[int]) -> None:
        sent.put(list(things))

    return Outbox(send, batch=3, linger=linger, urgent=lambda thing: thing < 0)


def test_what_is_urgent_takes_along_what_lingers() -> None:
    sent: SimpleQueue[list[int]] = SimpleQueue()
    outbox = box(sent, linger=LONG)
    outbox.put([1])
    outbox.put([2])
    outbox.put([-3])
    assert sent.get(timeout=10) == [1, 2, -3]


def test_a_full_batch_lingers_no_longer() -> None:
    sent: SimpleQueue[list[int]] = SimpleQueue()
    box(sent, linger=LONG).put([1, 2, 3])
    assert sent.get(timeout=10) == [1, 2, 3]


def test_what_lingered_is_sent_by_itself() -> None:
    sent: SimpleQueue[list[int]] = SimpleQueue()
    box(sent, linger=0.01).put([1])
    assert sent.get(timeout=10) == [1]


def test_who_flushes_does_not_wait_for_it_to_linger() -> None:
    sent: SimpleQueue[list[int]] = SimpleQueue()
    outbox = box(sent, linger=LONG)
    outbox.put([1])
    assert outbox.flush(seconds=10)
    assert sent.get(timeout=10) == [1]


def test_what_comes_after_a_batch_lingers_again() -> None:
    sent: SimpleQueue[list[int]] = SimpleQueue()
    outbox = box(sent, linger=LONG)
    outbox.put([-1])
    assert sent.get(timeout=10) == [-1]
    outbox.put([2])
    outbox.put([-3])
    assert sent.get(timeout=10) == [2, -3]
