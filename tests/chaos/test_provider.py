"""The service notes what reached it, and what it did before it failed."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.chaos.provider import Provider


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as started:
        yield started


def ask(provider: Provider, call: str = "read", *, method: str = "GET", timeout: float = 10.0) -> httpx.Response:
    return httpx.request(
        method,
        f"{provider.url}/{call}",
        params={"label": "run-0", "n": 3},
        headers={"Idempotency-Key": "k"},
        timeout=timeout,
    )


def test_a_visit_is_noted_with_its_key(provider: Provider) -> None:
    assert ask(provider).json() == {"value": 10.0}
    assert ask(provider, "act", method="POST").json() == {"value": 10.0}
    assert ask(provider, "stamp").json() == {"value": 3}
    seen = [(visit.call, visit.label, visit.n, visit.key, visit.effect) for visit in provider.visits]
    assert seen == [
        ("read", "run-0", 3.0, "k", False),
        ("act", "run-0", 3.0, "k", True),
        ("stamp", "run-0", 3.0, "k", False),
    ]


@pytest.mark.parametrize(("mood", "status"), [("429", 429), ("500", 500)])
def test_what_is_refused_is_not_done(provider: Provider, mood: str, status: int) -> None:
    provider.misbehave(mood, share=1.0)
    answer = ask(provider, "act", method="POST")
    assert (answer.status_code, [visit.effect for visit in provider.visits]) == (status, [False])
    assert ("retry-after" in answer.headers) == (status == 429)


@pytest.mark.parametrize("mood", ["reset", "hang"])
def test_what_breaks_off_is_done_all_the_same(provider: Provider, mood: str) -> None:
    provider.misbehave(mood, share=1.0)
    with pytest.raises((httpx.NetworkError, httpx.RemoteProtocolError, httpx.ReadTimeout)):
        ask(provider, "act", method="POST", timeout=0.2)
    assert [visit.effect for visit in provider.visits] == [True]


def test_a_body_that_drips_is_whole_in_the_end(provider: Provider) -> None:
    provider.misbehave("drip", share=1.0)
    provider.better.set()
    assert ask(provider).json() == {"value": 10.0}


def test_it_behaves_again(provider: Provider) -> None:
    provider.misbehave("500", share=1.0)
    provider.behave()
    assert ask(provider).status_code == 200
