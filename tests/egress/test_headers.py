"""A pack says what it wants; where the request goes and who asks is the host's to say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from packsys.egress.headers import checked, signed
from packsys.errors import AuthenticationRefused, ForbiddenRequest


def test_headers_pass_as_they_are() -> None:
    assert checked({"Accept": "a", "X-Page": ""}, ("authorization",)) == {"Accept": "a", "X-Page": ""}


def test_a_header_is_given_once() -> None:
    with pytest.raises(ForbiddenRequest, match="given twice"):
        checked({"X-Page": "a", "x-page": "b"}, ())


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "Trailer", "Upgrade", "Expect"),
        *("Proxy-Authorization", "Proxy-Connection", "Forwarded", "X-Forwarded-For", "Via", "Cookie"),
        *("Content_Length", "transfer_encoding", "X_Forwarded_For", "X-Forwarded_Host", "PROXY_AUTHORIZATION"),
        *("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL", "X-Host"),
        *("X-Client-IP", "Client-IP", "True-Client-IP", "X-Cluster-Client-IP", "CF-Connecting-IP", "X-Remote-User"),
        *("Accept-Encoding", "Keep-Alive", ":authority", "Bad Name", "Bad:Name", "Name ", "", "Né", "A\r\nB"),
    ],
)
def test_a_name_is_refused(name: str) -> None:
    with pytest.raises(ForbiddenRequest):
        checked({name: "value"}, ())


@pytest.mark.parametrize("value", ["a\r\nHost: b", "a\nb", "a\rb", "a\x00b", " a", "a ", "\t", "é", "\x7f"])
def test_a_value_is_refused_and_not_repeated(value: str) -> None:
    with pytest.raises(ForbiddenRequest) as caught:
        checked({"X-Trial": value}, ())
    assert caught.value.message == "The value of the header X-Trial holds signs that a header cannot have."


@pytest.mark.parametrize("name", ["Authorization", "authorization", "AUTHORIZATION"])
def test_the_credentials_are_not_the_packs_to_set(name: str) -> None:
    with pytest.raises(ForbiddenRequest, match="leave it to the host"):
        checked({name: "Bearer mine"}, ("authorization",))
    assert checked({name: "Bearer mine"}, ()) == {name: "Bearer mine"}


def test_what_servers_take_for_the_credentials_is_not_the_packs_to_set_either() -> None:
    with pytest.raises(ForbiddenRequest, match="leave it to the host"):
        checked({"X_Api-Key": "mine"}, ("x-api-key",))
    with pytest.raises(ForbiddenRequest, match="leave it to the host"):
        checked({"X-Api-Key": "mine"}, ("x_api_key",))


def test_endless_headers_are_refused() -> None:
    with pytest.raises(ForbiddenRequest, match="longer than 65536"):
        checked({f"X-{number}": "v" * 1000 for number in range(70)}, ())


def test_a_secret_that_ends_a_line_is_not_sent() -> None:
    with pytest.raises(AuthenticationRefused) as caught:
        signed({"Authorization": "Bearer a\r\nX: b"}, "example.com")
    assert caught.value.message == "The account's secret cannot be sent as Authorization: connect it again."


def test_a_credential_may_name_the_host_that_it_signed_for_and_no_other() -> None:
    assert signed({"Host": "example.com", "X-A": "b"}, "example.com") == {"X-A": "b"}
    with pytest.raises(AuthenticationRefused):
        signed({"Host": "evil.com"}, "example.com")


@given(st.text(max_size=20), st.text(max_size=20))
def test_nothing_that_passes_can_end_a_line(name: str, value: str) -> None:
    try:
        passed = checked({name: value}, ())
    except ForbiddenRequest:
        return
    assert not set("\r\n\x00") & set("".join([*passed.keys(), *passed.values()]))
