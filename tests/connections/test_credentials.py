"""Requests are signed as the pack's manifest says."""

from __future__ import annotations

import pytest

from packsys.connections.credentials import sign
from packsys.connections.secret import Secret
from packsys.errors import AuthenticationRefused, BrokenPack


def test_a_bearer_token_goes_into_the_header() -> None:
    assert sign({"kind": "HeaderBearerToken"}, Secret("fake")) == {"Authorization": "Bearer fake"}


def test_without_authentication_nothing_is_signed() -> None:
    assert sign({}, Secret("fake")) == {}


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(BrokenPack, match="'Smoke': this release knows HeaderBearerToken"):
        sign({"kind": "Smoke"}, Secret("fake"))


@pytest.mark.parametrize("token", ["", "two words", "line\r\nX: y", "nul\x00", "é", " fake", "fake\n"])
def test_a_token_that_cannot_be_in_a_header_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(AuthenticationRefused) as caught:
        sign({"kind": "HeaderBearerToken"}, Secret(token))
    assert not token or token.strip() not in caught.value.message
