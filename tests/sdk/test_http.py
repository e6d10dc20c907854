"""Answers are read as what they say they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.sdk import Context, Invocation, Request, Response, StatusCodeError
from packsys.sdk.testing import ScriptedFetcher


def a_context(fetcher: ScriptedFetcher) -> Context:
    import logging

    invocation = Invocation(pack="Trial", version="1.0.0", formula="Test")
    return Context(fetcher=fetcher, invocation=invocation, logger=logging.getLogger("test"))


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        ("text/plain", "测试".encode(), "测试"),
        ("text/plain; charset=gbk", "测试".encode("gbk"), "测试"),
        ('text/plain; charset="latin-1"', b"\xe9", "é"),
        ("text/plain; charset=no-such", b"plain", "plain"),
        ("text/plain; charset=hex", b"plain", "plain"),
        ("text/plain; charset=idna", b"plain", "plain"),
        ("text/plain; charset=undefined", b"plain", "plain"),
        ("text/plain", b"\xff", "�"),
    ],
)
def test_text_follows_the_charset(content_type: str, body: bytes, text: str) -> None:
    assert Response(headers={"content-type": content_type}, body=body).text == text


def test_an_answer_that_is_not_json_shows_its_beginning() -> None:
    with pytest.raises(ValueError, match="begins with '<html>"):
        Response(body=b"<html>Sorry</html>").json()


@pytest.mark.parametrize(
    ("header", "links"),
    [
        ("", {}),
        ('<https://a.example/r?page=2>; rel="next"', {"next": "https://a.example/r?page=2"}),
        (
            '<https://a.example/r?page=2,3>; rel="next", <https://a.example/r?page=9>; title="x, y"; rel=last',
            {"next": "https://a.example/r?page=2,3", "last": "https://a.example/r?page=9"},
        ),
        ('<https://a.example/1>; rel="first prev"', {"first": "https://a.example/1", "prev": "https://a.example/1"}),
        ("no link at all", {}),
    ],
)
def test_links_are_read_by_relation(header: str, links: dict[str, str]) -> None:
    assert Response(headers={"link": header}).links == links


@given(st.text(max_size=200))
def test_any_link_header_is_read_or_ignored(header: str) -> None:
    assert all(isinstance(address, str) for address in Response(headers={"link": header}).links.values())


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({}, Request(url="/x")),
        ({"method": "post", "json": {"a": "é"}}, ("POST", {"Content-Type": "application/json"}, '{"a":"é"}'.encode())),
        ({"method": "PUT", "body": "text"}, ("PUT", {}, b"text")),
        ({"json": [], "headers": {"content-type": "x"}}, ("GET", {"content-type": "x"}, b"[]")),
    ],
)
def test_a_fetch_becomes_a_request(asked: dict[str, Any], sent: Any) -> None:
    method, headers, body = sent if isinstance(sent, tuple) else (sent.method, sent.headers, sent.body)
    fetcher = ScriptedFetcher().answer("/x", method=method)
    a_context(fetcher).fetch("/x", **asked)
    (request,) = fetcher.requests
    assert (request.method, request.headers, request.body) == (method, headers, body)


def test_blank_query_entries_are_left_out() -> None:
    fetcher = ScriptedFetcher().answer("/x")
    a_context(fetcher).fetch("/x", query={"a": None, "b": True, "c": 1.5, "d": "e"})
    assert fetcher.requests[0].query == {"b": "true", "c": "1.5", "d": "e"}


def test_a_request_has_one_body() -> None:
    with pytest.raises(ValueError, match="only one of them"):
        a_context(ScriptedFetcher()).fetch("/x", json=1, body=b"1")


def test_a_status_of_400_or_more_is_raised_without_the_query() -> None:
    fetcher = ScriptedFetcher().answer("/x?key=value", status=404, json={"message": "gone"})
    with pytest.raises(StatusCodeError) as caught:
        a_context(fetcher).fetch("/x?key=value")
    assert str(caught.value) == "GET /x was answered with status 404."
    assert (caught.value.status, caught.value.response.json()) == (404, {"message": "gone"})


@pytest.mark.parametrize("status", [200, 204, 301, 304, 399])
def test_other_statuses_are_answers(status: int) -> None:
    assert a_context(ScriptedFetcher().answer("/x", status=status)).fetch("/x").status == status
