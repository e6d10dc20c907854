from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

import packsys
from tests.service.house import SmallHouse


@pytest.fixture
def broken(house: SmallHouse) -> Iterator[str]:
    """Takes the state server away."""
    house.health["state"] = "The state server does not answer."
    yield house.health["state"]
    house.health["state"] = "ok"


def test_a_process_that_lives_says_so(http: httpx.Client) -> None:
    assert http.get("/health").json() == {"status": "ok", "version": packsys.__version__}


def test_a_service_is_ready_when_everything_it_needs_answers(http: httpx.Client) -> None:
    answer = http.get("/ready")
    assert (answer.status_code, answer.json()["checks"]) == (200, {"postgres": "ok", "state": "ok"})


def test_a_service_that_is_not_ready_says_what_is_missing(http: httpx.Client, broken: str) -> None:
    answer = http.get("/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "NotReady")
    assert answer.json()["checks"] == {"postgres": "ok", "state": broken}
    assert "state" in answer.json()["detail"]
    assert answer.headers["retry-after"] == "1"


def test_a_process_lives_though_it_is_not_ready(http: httpx.Client, broken: str) -> None:
    assert http.get("/health").status_code == 200
