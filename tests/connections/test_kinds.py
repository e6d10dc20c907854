"""What people enter is what the pack's kind of authentication asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from packsys.connections.kinds import entered, entry, mints
from packsys.connections.secret import Secret
from packsys.errors import BrokenPack, RequestError
from packsys.sdk.authentication import KINDS

TABLE: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"kind": "NoAuthentication"}, ()),
    ({"kind": "HeaderBearerToken"}, ("token",)),
    ({"kind": "CustomHeaderToken", "header": "X-Key"}, ("token",)),
    ({"kind": "MultiHeaderToken", "headers": [{"name": "X-A"}, {"name": "X-B"}]}, ("X-A", "X-B")),
    ({"kind": "QueryParamToken", "parameter": "key"}, ("token",)),
    ({"kind": "MultiQueryParamToken", "parameters": [{"name": "a"}, {"name": "b"}]}, ("a", "b")),
    ({"kind": "OAuth2"}, ("token",)),
    ({"kind": "OAuth2ClientCredentials"}, ("client_id", "client_secret")),
    ({"kind": "WebBasic"}, ("username", "password")),
    ({"kind": "Custom", "fields": [{"name": "user"}, {"name": "key"}]}, ("user", "key")),
    ({"kind": "AWSAccessKey", "service": "s3"}, ("access_key_id", "secret_access_key")),
    ({"kind": "AWSAssumeRole", "service": "s3"}, ("role_arn",)),
    ({"kind": "GoogleServiceAccount", "scopes": ["a"]}, ("key",)),
    ({"kind": "GoogleDomainWideDelegation", "scopes": ["a"]}, ("key", "subject")),
]


def secrets(*names: str) -> dict[str, Secret]:
    return {name: Secret(f"value of {name}") for name in names}


def test_every_kind_of_the_sdk_is_here() -> None:
    assert {authentication["kind"] for authentication, _ in TABLE} == {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize(("authentication", "required"), TABLE)
def test_each_kind_asks_for_its_fields(authentication: Mapping[str, Any], required: tuple[str, ...]) -> None:
    assert entry(authentication).required == required
    held = entered(authentication, fields=secrets(*required))
    if authentication["kind"] == "OAuth2":
        assert held.tokens
        assert held.tokens.access == Secret("value of token")
    else:
        assert held.fields == secrets(*required)


@pytest.mark.parametrize(("authentication", "required"), TABLE[1:])
def test_a_missing_or_unknown_field_is_refused_with_the_names_of_the_right_ones(
    authentication: Mapping[str, Any], required: tuple[str, ...]
) -> None:
    missing = required[1:] or ("other",)
    for given, sentence in ((missing, "is missing|not asked for"), ((*required, "other"), "'other' is not asked for")):
        with pytest.raises(RequestError, match=sentence) as caught:
            entered(authentication, fields=secrets(*given))
        assert all(repr(name) in caught.value.message for name in required)
        assert "value of" not in caught.value.message


@pytest.mark.parametrize(("authentication", "required"), TABLE[1:])
def test_a_token_is_enough_where_there_is_one_field(
    authentication: Mapping[str, Any], required: tuple[str, ...]
) -> None:
    if len(required) == 1:
        assert entered(authentication, token=Secret("x")) == entered(authentication, fields={required[0]: Secret("x")})
    else:
        with pytest.raises(RequestError, match="give the fields"):
            entered(authentication, token=Secret("x"))


def test_token_and_fields_together_are_refused() -> None:
    with pytest.raises(RequestError, match="not both"):
        entered({"kind": "HeaderBearerToken"}, token=Secret("x"), fields=secrets("token"))


@pytest.mark.parametrize("value", ["", "x" * 20_001])
def test_a_value_has_its_bounds(value: str) -> None:
    with pytest.raises(RequestError, match="1 to 20000 characters"):
        entered({"kind": "HeaderBearerToken"}, token=Secret(value))


def test_fields_for_a_service_that_asks_for_none_are_refused() -> None:
    with pytest.raises(RequestError, match="asks for no account"):
        entered({}, fields=secrets("token"))


def test_who_could_sign_in_is_told_how() -> None:
    with pytest.raises(RequestError, match="--sign-in"):
        entered({"kind": "OAuth2"})


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BrokenPack, match="'Smoke'"):
        entered({"kind": "Smoke"}, token=Secret("x"))


def test_what_is_exchanged_for_tokens_is_known() -> None:
    minting = {authentication["kind"] for authentication, _ in TABLE if mints(authentication)}
    assert minting == {
        "OAuth2",
        "OAuth2ClientCredentials",
        "AWSAssumeRole",
        "GoogleServiceAccount",
        "GoogleDomainWideDelegation",
    }
