"""The fields of a ``Custom`` account go where the pack marked their places, written as the place asks."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.connections.credential import Outgoing
from packsys.connections.placeholders import filled
from packsys.connections.secret import Secret
from packsys.errors import ForbiddenRequest

TOKEN = "8e11cd1b-of-this-call"
URL = "https://api.example.com/"
NASTY = 'a"b\r\nX: {{y}} $1 \\1 <&> %2e/../?#'


def mark(field: str = "key", token: str = TOKEN) -> str:
    return f"{{{{{field}-{token}}}}}"


def fill(outgoing: Outgoing, token: str = TOKEN, **values: str) -> Outgoing:
    return filled(outgoing, {name: Secret(value) for name, value in values.items()}, token=token)


def asking(url: str = URL, *, kind: str = "", body: str | None = None, **headers: str) -> Outgoing:
    typed = {"Content-Type": kind} if kind else {}
    return Outgoing(method="POST", url=url, headers={**typed, **headers}, body=body.encode() if body else None)


@pytest.mark.parametrize("written", [mark(), quote(mark()), quote(mark()).lower()])
def test_in_an_address_it_is_percent_encoded(written: str) -> None:
    outgoing = fill(asking(f"{URL}p/{written}?q={written}&r=1"), key=NASTY)
    parts = urlsplit(outgoing.url)
    assert parts.netloc == "api.example.com"
    assert parts.path == f"/p/{quote(NASTY, safe='')}"
    assert parse_qs(parts.query) == {"q": [NASTY], "r": ["1"]}


def test_in_a_header_it_is_as_it_is() -> None:
    assert fill(asking(Authorization=f"Key {mark()}"), key="a b").headers["Authorization"] == "Key a b"


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "nul\0", "é", " a", ""])
def test_what_cannot_be_in_a_header_is_refused_and_not_shown(value: str) -> None:
    with pytest.raises(ForbiddenRequest, match="'key' holds signs that a header cannot have") as caught:
        fill(asking(X=mark()), key=value)
    assert repr(value) not in caught.value.message


@given(st.text())
def test_in_json_it_stays_one_text(value: str) -> None:
    value = value.encode("utf-8", "replace").decode()
    body = fill(asking(kind="application/json; charset=utf-8", body=json.dumps({"k": mark()})), key=value).body
    assert body
    assert json.loads(body) == {"k": value}


@given(st.text(min_size=1))
def test_in_a_form_it_stays_one_field(value: str) -> None:
    value = value.encode("utf-8", "replace").decode()
    form = asking(kind="application/x-www-form-urlencoded", body=urlencode({"k": mark(), "l": "1"}))
    body = fill(form, key=value).body
    assert body
    assert parse_qs(body.decode()) == {"k": [value], "l": ["1"]}


def test_in_xml_it_stays_one_text() -> None:
    body = fill(asking(kind="text/xml", body=f"<a b='{mark()}'>{mark()}</a>"), key="<&>'\"").body
    assert body
    element = ElementTree.fromstring(body)
    assert (element.get("b"), element.text) == ("<&>'\"", "<&>'\"")


def test_in_other_bodies_it_may_not_begin_a_line() -> None:
    assert fill(asking(kind="text/plain", body=f"key {mark()}"), key="a b").body == b"key a b"
    with pytest.raises(ForbiddenRequest, match="this kind of body"):
        fill(asking(kind="multipart/form-data; boundary=x", body=mark()), key="a\r\n--x")


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    outgoing = Outgoing(method="POST", url=URL, body=b"\xff" + mark().encode())
    assert fill(outgoing, key="a").body == outgoing.body


@pytest.mark.parametrize("host", [mark(), quote(mark()), f"{mark()}.example.com", f"example.com:{mark()}"])
def test_it_is_never_part_of_the_host(host: str) -> None:
    with pytest.raises(ForbiddenRequest, match="cannot be part of the host"):
        fill(asking(f"https://{host}/"), key="evil.example")


def test_a_value_that_looks_like_a_mark_stays_a_value() -> None:
    outgoing = fill(asking(X=mark("a")), a=mark("b"), b="second")
    assert outgoing.headers["X"] == mark("b")


def test_a_mark_of_another_call_is_no_mark() -> None:
    outgoing = asking(f"{URL}?q={quote(mark(token='other'))}", X=mark(token="other"))
    assert fill(outgoing, key="a") == outgoing
    assert fill(asking(X=mark(token="")), token="", key="a").headers["X"] == mark(token="")


def test_an_unknown_field_is_named() -> None:
    with pytest.raises(ForbiddenRequest, match="no field 'kee': it has 'key'"):
        fill(asking(X=mark("kee")), key="a")


def test_a_field_may_have_any_name() -> None:
    name = "API-key.2"
    outgoing = filled(asking(f"{URL}?q={quote(mark(name))}", X=mark(name)), {name: Secret("v")}, token=TOKEN)
    assert (outgoing.url, outgoing.headers["X"]) == (f"{URL}?q=v", "v")
