"""What waits to be sent is sent in batches, and at once where somebody waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue
from threading import Event, Thread, get_ident

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


def test_what_is_urgent_is_sent_by_whoever_puts_it_in() -> None:
    senders: list[int] = []
    outbox = Outbox[int](lambda things: senders.append(get_ident()), urgent=lambda thing: True)
    outbox.put([1])
    assert senders == [get_ident()]


def test_while_somebody_sends_nobody_waits_for_them() -> None:
    """What is put in meanwhile goes out after it, in order."""
    sent: SimpleQueue[list[int]] = SimpleQueue()
    begun, free = Event(), Event()

    def send(things: Sequence[int]) -> None:
        begun.set()
        assert free.wait(10)
        sent.put(list(things))

    outbox = Outbox[int](send, linger=LONG, urgent=lambda thing: thing < 0)
    first = Thread(target=outbox.put, args=([-1],))
    first.start()
    assert begun.wait(10)
    outbox.put([2])
    outbox.put([-3])
    assert sent.empty()
    free.set()
    assert [sent.get(timeout=10) for _ in range(2)] == [[-1], [2, -3]]
    first.join()


def test_the_box_goes_on_after_its_thread_found_nothing_left() -> None:
    """Somebody urgent may take what the thread was lingering with."""
    sent: SimpleQueue[list[int]] = SimpleQueue()
    outbox = box(sent, linger=0.01)
    expected: list[int] = []
    for number in range(1, 30):
        outbox.put([number])
        outbox.put([-number])
        expected += [number, -number]
    outbox.put([30])
    got: list[int] = []
    while len(got) < 59:
        got += sent.get(timeout=10)
    assert got == [*expected, 30]
    outbox.close()
