"""A call finds the world that its host gives it."""

from __future__ import annotations

import logging
from datetime import UTC
from typing import Any

import pytest

from packsys.sdk import Context, FetchError, Invocation, StatusCodeError
from packsys.sdk.surroundings import SystemClock
from packsys.sdk.testing import QuickClock, ScriptedFetcher


def a_context(fetcher: ScriptedFetcher, **terms: Any) -> Context:
    invocation = Invocation(pack="Trial", version="1.0.0", formula="X")
    return Context(fetcher=fetcher, invocation=invocation, logger=logging.getLogger(), **terms)


def test_work_is_done_again_while_the_service_is_down() -> None:
    clock = QuickClock()
    fetcher = ScriptedFetcher().answer("/x", status=503).answer("/x", status=429, headers={"Retry-After": "7"})
    context = a_context(fetcher.answer("/x", json="up"), clock=clock)
    assert context.retry(lambda: context.fetch("/x").json(), wait=0.5) == "up"
    assert clock.waits == [0.5, 7.0]


def test_the_last_error_is_raised() -> None:
    clock = QuickClock()
    context = a_context(ScriptedFetcher().answer("/x", status=500).answer("/x", status=502), clock=clock)
    with pytest.raises(StatusCodeError, match="502"):
        context.retry(lambda: context.fetch("/x"), attempts=2)
    assert clock.waits == [1.0]


def test_what_will_not_get_better_is_not_tried_again() -> None:
    clock = QuickClock()
    context = a_context(ScriptedFetcher().answer("/x", status=404), clock=clock)
    with pytest.raises(StatusCodeError, match="404"):
        context.retry(lambda: context.fetch("/x"))
    assert clock.waits == []


def test_no_answer_is_worth_another_try() -> None:
    answers = iter([FetchError("out of reach"), "here"])

    def ask() -> str:
        found = next(answers)
        if isinstance(found, FetchError):
            raise found
        return found

    assert a_context(ScriptedFetcher(), clock=QuickClock()).retry(ask) == "here"


def test_a_form_is_sent_as_one() -> None:
    fetcher = ScriptedFetcher().answer("/x", method="POST", request_body=b"a=1&b=x+y", json={})
    a_context(fetcher).fetch("/x", method="POST", form={"a": 1, "b": "x y", "c": None})
    assert fetcher.requests[0].headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_request_may_say_how_it_is_sent() -> None:
    fetcher = ScriptedFetcher().answer("/x").answer("/x", status=302)
    context = a_context(fetcher)
    context.fetch("/x")
    assert context.fetch("/x", authenticate=False, follow=False, cache_ttl=0).status == 302
    flags = [(each.authenticate, each.follow, each.cache_ttl) for each in fetcher.requests]
    assert flags == [(True, True, None), (False, False, 0)]


def test_a_secret_is_a_mark_that_only_the_host_can_read() -> None:
    assert a_context(ScriptedFetcher(), token="t1").secret("shop") == "{{shop-t1}}"


def test_a_host_without_files_or_results_says_so() -> None:
    context = a_context(ScriptedFetcher())
    assert context.cache.get("X", {}) is None
    with pytest.raises(RuntimeError, match="keeps no files"):
        context.blobs.store(b"", content_type="image/png")
    with pytest.raises(RuntimeError, match="keeps no files"):
        context.blobs.store_url("https://example.com/a.png")


def test_time_is_told_with_its_zone() -> None:
    assert SystemClock().now().tzinfo is UTC
    SystemClock().sleep(0)
