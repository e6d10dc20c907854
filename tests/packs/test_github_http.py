"""The GitHub pack over real HTTP, against the stand-in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from packs.github.pack import pack
from packsys.egress.guard import EgressPolicy
from packsys.egress.http import HttpEgress
from packsys.errors import (
    ApiError,
    AuthenticationRefused,
    PacksysError,
    PermissionRefused,
    RateLimited,
    UpstreamError,
    UserVisible,
)
from packsys.model import Connection
from packsys.sandbox.inprocess import InProcessPacks
from tests.egress.world import HERE, credentials, sealed
from tests.fakeapi import FakeGitHub
from tests.sandbox.calls import a_call

Call = Callable[..., Any]


@pytest.fixture
def api() -> Iterator[FakeGitHub]:
    with FakeGitHub() as started:
        yield started


@pytest.fixture
def call(api: FakeGitHub) -> Call:
    packs = InProcessPacks([pack])
    egress = HttpEgress(credentials=credentials(), policy=EgressPolicy(allowed_networks=HERE))
    release = packs.by_id(pack.id)
    assert release is not None

    def make(formula: str, *, token: str = api.token, **arguments: Any) -> Any:
        row = Connection(id="c", workspace="w", pack_id=pack.id, name="hereisfun", sealed=b"", endpoint=api.url)
        fetcher = egress.open(release, sealed(row, token))
        return packs.run(a_call(packs, "GitHub", formula, fetcher=fetcher, **arguments))

    return make


def test_the_calls_of_the_reference_formula(call: Call, api: FakeGitHub) -> None:
    first = call("Repos")[0]
    assert call("Repo", url=first["Url"])["FullName"] + "测试" == "hereisfun/abacus测试"
    assert [request.path for request in api.requests] == ["/user/repos", "/repos/hereisfun/abacus"]


def test_every_repository_that_is_listed_can_be_found(call: Call) -> None:
    for listed in call("Repos"):
        assert call("Repo", url=listed["Url"]) == listed


def test_a_renamed_repository_is_found_by_its_former_name(call: Call) -> None:
    assert call("Repo", url="https://github.com/hereisfun/tea-timer-old")["Name"] == "tea-timer"


@pytest.mark.parametrize(
    ("trouble", "kind", "retry_after"),
    [
        ({"status": 401}, AuthenticationRefused, None),
        ({"status": 403}, PermissionRefused, None),
        ({"status": 403, "headers": {"Retry-After": "60"}}, RateLimited, 60),
        ({"status": 429, "headers": {"Retry-After": "7"}}, RateLimited, 7),
        ({"status": 500}, UpstreamError, None),
        ({"drop": True}, UpstreamError, None),
    ],
)
def test_trouble_says_who_must_act(
    call: Call, api: FakeGitHub, trouble: dict[str, Any], kind: type[PacksysError], retry_after: float | None
) -> None:
    api.misbehave("/user", **trouble)
    with pytest.raises(PacksysError) as caught:
        call("User")
    assert (type(caught.value), caught.value.retry_after) == (kind, retry_after)
    assert api.token not in caught.value.message


def test_a_wrong_token_is_the_owners_to_mend(call: Call) -> None:
    with pytest.raises(AuthenticationRefused, match="Bad credentials"):
        call("User", token="another-token")


def test_what_is_not_there_and_what_cannot_be_are_told_apart(call: Call) -> None:
    with pytest.raises(ApiError, match="Not Found"):
        call("User", login="nobody")
    with pytest.raises(UserVisible, match="is not the address"):
        call("Repo", url="https://gitlab.example/a/b")
