"""What is asked for several times at once is asked once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from packsys.egress.deadline import Deadline
from packsys.egress.flights import Flights
from packsys.errors import UpstreamError
from packsys.ports import Response

ANSWER = Response(status=200, headers={}, body=b"ok")


class Arrivals:
    """Is a clock that stands still and counts who looks at it: everybody does who waits for another."""

    def __init__(self) -> None:
        self.waiting = threading.Semaphore(0)

    def __call__(self) -> float:
        self.waiting.release()
        return 0.0

    def deadline(self, seconds: float = 10.0) -> Deadline:
        return Deadline(host="example.com", seconds=seconds, until=seconds, monotonic=self)

    def await_others(self, count: int) -> None:
        for _ in range(count):
            assert self.waiting.acquire(timeout=10)


def test_equal_questions_are_asked_once() -> None:
    flights, arrivals, asked = Flights(), Arrivals(), []

    def ask() -> Response:
        asked.append(1)
        arrivals.await_others(7)
        return ANSWER

    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(flights.join, "name", ask, arrivals.deadline()) for _ in range(8)]
        assert [answer.result() for answer in answers] == [ANSWER] * 8
    assert len(asked) == 1


def test_other_questions_are_asked_for_themselves() -> None:
    flights, asked = Flights(), list[str]()

    def ask(name: str) -> Response:
        asked.append(name)
        return flights.join("other", lambda: ask("other"), Arrivals().deadline()) if name == "name" else ANSWER

    assert flights.join("name", lambda: ask("name"), Arrivals().deadline()) == ANSWER
    assert asked == ["name", "other"]


def test_after_a_failure_the_next_who_waits_asks() -> None:
    flights, arrivals, asked = Flights(), Arrivals(), []

    def ask() -> Response:
        asked.append(1)
        if len(asked) == 1:
            arrivals.await_others(1)
            raise UpstreamError("The first one failed.")
        return ANSWER

    with ThreadPoolExecutor(2) as threads:
        answers = [threads.submit(flights.join, "name", ask, arrivals.deadline()) for _ in range(2)]
        outcomes = [answer.exception() or answer.result() for answer in answers]
    assert ANSWER in outcomes
    assert [str(outcome) for outcome in outcomes if outcome != ANSWER] == ["The first one failed."]
    assert len(asked) == 2


def test_nobody_waits_longer_than_its_own_time() -> None:
    flights, arrivals, done = Flights(), Arrivals(), threading.Event()
    led = threading.Event()

    def ask() -> Response:
        led.set()
        done.wait(10)
        return ANSWER

    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(flights.join, "name", ask, arrivals.deadline())
        led.wait(10)
        with pytest.raises(UpstreamError) as caught:
            flights.join("name", ask, arrivals.deadline(0.01))
        done.set()
        assert first.result() == ANSWER
    assert caught.value.reason == "deadline"


def test_a_question_that_was_answered_is_asked_again() -> None:
    flights, asked = Flights(), []

    def ask() -> Response:
        asked.append(1)
        return ANSWER

    for _ in range(2):
        flights.join("name", ask, Arrivals().deadline())
    assert len(asked) == 2
