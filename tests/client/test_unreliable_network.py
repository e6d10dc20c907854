"""What a client does when the network or the service fails on the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from packsys.client import Packsys, Refused, Unreachable
from packsys.errors import NotReady
from tests.client.unreliable import BEFORE_THE_ANSWER, BEFORE_THE_REQUEST, Unreliable
from tests.service.house import SmallHouse


class Pauses(list[float]):
    """Remembers how long a client would have slept, and does not sleep."""


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def far(network: Unreliable, house: SmallHouse, pauses: Pauses) -> Iterator[Packsys]:
    """Gives a client behind the network."""
    with Packsys(network.url, house.token(), sleep=pauses.append) as made:
        yield made


@pytest.mark.parametrize(
    "faults",
    [
        [BEFORE_THE_REQUEST],
        [BEFORE_THE_ANSWER],
        [20],
        [BEFORE_THE_ANSWER, BEFORE_THE_REQUEST, 300, BEFORE_THE_ANSWER],
    ],
)
def test_a_lost_answer_never_doubles_a_job(
    far: Packsys, network: Unreliable, house: SmallHouse, faults: list[int]
) -> None:
    network.faults.extend(faults)
    assert far.run("Done()", variables={"Value": 42}) == 42
    assert len(house.accepted) == 1
    assert not network.faults


def test_pauses_grow(far: Packsys, network: Unreliable, pauses: Pauses) -> None:
    network.faults.extend([BEFORE_THE_REQUEST] * 5)
    far.submit("=1")
    for pause, most in zip(pauses, (0.1, 0.2, 0.4, 0.8, 1.6), strict=True):
        assert most / 2 <= pause <= most


@pytest.mark.parametrize("received", [0, 700, 800, 900, 1_000])
def test_a_broken_stream_is_taken_up_where_it_broke(
    far: Packsys, network: Unreliable, house: SmallHouse, received: int
) -> None:
    job = far.submit("=1").id
    for _ in range(3):
        house.run_step(job, 1)
    house.jobs.finish(job, 42)
    far.close()
    with Packsys(network.url, house.token(), sleep=lambda _: None) as anew:
        network.faults.extend([received] * 3)
        events = list(anew.events(job))
    assert [event.number for event in events] == list(range(1, 13))
    assert not network.faults


def test_a_busy_service_is_asked_again_when_it_says(far: Packsys, house: SmallHouse, pauses: Pauses) -> None:
    house.troubles.extend([NotReady(retry_after=3), NotReady(retry_after=2.5)])
    assert far.run("Done()", variables={"Value": 42}) == 42
    assert pauses == [3, 2.5]


def test_a_service_that_is_busy_for_too_long_is_given_up(url: str, house: SmallHouse, pauses: Pauses) -> None:
    house.troubles.append(NotReady(retry_after=60))
    with (
        Packsys(url, house.token(), patience=5, sleep=pauses.append) as client,
        pytest.raises(Refused, match="does not answer") as caught,
    ):
        client.run("=1")
    assert (caught.value.status, caught.value.retry_after, pauses) == (503, 60, [])


def test_a_service_that_never_answers_is_given_up(pauses: Pauses) -> None:
    with Packsys("http://127.0.0.1:9", "pk_secret", patience=1, sleep=pauses.append) as client:
        for ask in (lambda: client.run("=1"), lambda: next(client.events("x"))):
            with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9 does not answer") as caught:
                ask()
            assert "pk_secret" not in str(caught.value)
    assert pauses


def test_a_mistake_is_not_repeated(far: Packsys, pauses: Pauses) -> None:
    with pytest.raises(Refused):
        far.run("Nope()")
    assert not pauses
