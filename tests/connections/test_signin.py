"""A sign-in leads to an account for the one who began it, in the browser they began it in, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from packsys.errors import Conflict, GrantRefused, NotConnected, RequestError
from packsys.model import Connection, ConnectionState
from packsys.runtime.connect import NewConnection
from packsys.runtime.signin import Answer, Started
from tests.connections.world import World, declared, keep_client, world
from tests.provider import Authority

LOOPBACK = "http://127.0.0.1:49152/callback"


def begin(here: World, **more: Any) -> Started:
    redirect = more.pop("redirect", "")
    return here.signin.start(NewConnection(pack_id=7, name="me", by="key-1", **more), redirect=redirect)


def agree(here: World, started: Started, **more: Any) -> Answer:
    """Does what the person does at the provider, and gives what their browser brings back."""
    return agree_at(here.authority, started, **more)


def agree_at(authority: Authority, started: Started, **more: Any) -> Answer:
    """Does so at one provider."""
    parts = urlsplit(started.url)
    back = authority.authorize(f"{parts.path}?{parts.query}", **more)
    said = dict(parse_qsl(urlsplit(back).query))
    return Answer(
        state=said["state"],
        browser=started.browser.reveal(),
        code=said.get("code", ""),
        error=said.get("error", ""),
        issuer=said.get("iss", ""),
    )


def signed_in(here: World, **more: Any) -> Connection:
    return here.signin.finish(agree(here, begin(here, **more)))


def test_a_person_signs_in_and_the_account_is_active() -> None:
    here = world()
    started = begin(here)
    assert here.connections.list(workspace="default")[0].state is ConnectionState.PENDING
    connection = here.signin.finish(agree(here, started))
    assert (connection.id, connection.state, connection.version) == (started.connection, ConnectionState.ACTIVE, 2)
    (grant,) = here.authority.given
    tokens = here.tokens(here.kept(connection))
    assert (tokens.access.reveal(), tokens.refresh and tokens.refresh.reveal()) == (grant.access[0], grant.refresh[0])
    assert grant.scope == "read write"
    assert tokens.expires_at == connection.expires_at


def test_the_address_asks_as_the_pack_says() -> None:
    here = world(
        declared(
            scope_parameter="user_scope",
            scope_delimiter=",",
            parameters={"access_type": "offline"},
            resource="https://api.provider.example",
        )
    )
    asked = parse_qs(urlsplit(begin(here).url).query)
    assert asked["user_scope"] == ["read,write"]
    assert asked["access_type"] == ["offline"]
    assert asked["resource"] == ["https://api.provider.example"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]


def test_pkce_is_left_out_only_where_the_pack_says_that_the_service_refuses_it() -> None:
    assert "code_challenge" not in begin(world(declared(pkce="none"))).url
    assert "code_challenge_method=S256" in begin(world()).url


def test_a_code_without_its_verifier_is_worth_nothing() -> None:
    """Whoever saw the code in an address bar cannot exchange it: the provider enforces PKCE."""
    here = world()
    first, second = begin(here), begin(here)
    stolen = agree(here, first)
    with pytest.raises(GrantRefused, match="invalid_grant"):
        here.signin.finish(replace(stolen, state=agree(here, second).state, browser=second.browser.reveal()))


def test_a_sign_in_is_finished_once() -> None:
    here = world()
    answer = agree(here, begin(here))
    here.signin.finish(answer)
    with pytest.raises(RequestError, match="was finished"):
        here.signin.finish(answer)


def test_a_sign_in_takes_ten_minutes_at_most() -> None:
    here = world()
    answer = agree(here, begin(here))
    here.clock.wait(600)
    with pytest.raises(RequestError, match="longer than ten minutes"):
        here.signin.finish(answer)


@pytest.mark.parametrize("browser", ["", "another"])
def test_another_browser_cannot_finish_it_and_it_is_spent(browser: str) -> None:
    """Nobody is made to sign in to somebody else's account (RFC 9700, 4.7)."""
    here = world()
    answer = agree(here, begin(here))
    with pytest.raises(RequestError, match="another browser"):
        here.signin.finish(replace(answer, browser=browser))
    with pytest.raises(RequestError, match="unknown"):
        here.signin.finish(answer)


@pytest.mark.parametrize("issuer", ["", "https://evil.example", "https://provider.example/"])
def test_an_answer_of_another_service_is_refused(issuer: str) -> None:
    here = world()
    with pytest.raises(RequestError, match="does not come from the service"):
        here.signin.finish(replace(agree(here, begin(here)), issuer=issuer))
    assert here.authority.visits == []


def test_without_a_declared_issuer_another_host_is_refused() -> None:
    here = world(declared(issuer=""))
    with pytest.raises(RequestError, match="declares no issuer"):
        here.signin.finish(replace(agree(here, begin(here)), issuer="https://evil.example"))
    assert signed_in(here).state is ConnectionState.ACTIVE


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "http://127.0.0.1.evil.example:1/",
        "http://127.0.0.1/",
        "http://localhost:5000/",
        "https://packsys.example/v1/oauth/callback/x",
        "http://127.0.0.1:80@evil.example/",
        "http://127.0.0.1:5000/?x=//evil",
        "javascript:x",
    ],
)
def test_people_are_sent_back_here_or_to_a_loopback_address_only(back: str) -> None:
    with pytest.raises(RequestError, match="send people back"):
        begin(world(), redirect=back)


def test_a_program_on_the_persons_machine_may_be_come_back_to() -> None:
    here = world()
    assert signed_in(here, redirect=LOOPBACK).state is ConnectionState.ACTIVE


def test_a_refusal_is_told_by_its_code_and_nothing_else() -> None:
    here = world()
    with pytest.raises(RequestError, match="access_denied"):
        here.signin.finish(agree(here, begin(here), error="access_denied"))
    with pytest.raises(RequestError) as caught:
        here.signin.finish(agree(here, begin(here), error="<script>alert(1)</script>"))
    assert "<" not in caught.value.message


def test_a_client_that_changed_ends_what_is_under_way() -> None:
    here = world()
    answer = agree(here, begin(here))
    keep_client(here.oauth, here.vault, secret="another")
    with pytest.raises(Conflict, match="client of the service was changed"):
        here.signin.finish(answer)


def test_a_workspace_without_a_client_is_told_how_to_set_one() -> None:
    with pytest.raises(NotConnected, match="packsys oauth-client set"):
        begin(world(), workspace="other")


def test_signing_in_again_keeps_the_account_as_it_is_until_then() -> None:
    here = world()
    first = signed_in(here)
    started = begin(here, id=first.id)
    assert here.kept(first) == first
    second = here.signin.finish(agree(here, started))
    assert (second.id, second.version, second.state) == (first.id, 3, ConnectionState.ACTIVE)
    assert here.tokens(second).access.reveal() == here.authority.given[1].access[0]


def test_an_account_that_was_ended_meanwhile_stays_ended() -> None:
    here = world()
    first = signed_in(here)
    answer = agree(here, begin(here, id=first.id))
    here.disconnect(first.id, workspace="default")
    with pytest.raises(Conflict, match="was ended meanwhile"):
        here.signin.finish(answer)
    assert here.kept(first).state is ConnectionState.REVOKED


def test_tokens_may_lie_in_an_object_of_the_answer() -> None:
    here = world(declared(token_field="authed_user"), authority=Authority(nested="authed_user"))
    assert here.tokens(signed_in(here)).access.reveal() == here.authority.given[0].access[0]


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://provider.example.evil.example",
        "https://evilprovider.example",
        "http://a.provider.example",
        "https://u@provider.example",
        "https://10.0.0.1",
    ],
)
def test_an_endpoint_outside_of_the_packs_domains_is_refused(endpoint: str) -> None:
    here = world(declared(endpoint_field="instance_url"), authority=Authority(more={"instance_url": endpoint}))
    with pytest.raises(RequestError, match="may not reach"):
        signed_in(here)


def test_nobody_chooses_an_endpoint_for_a_pack_that_asks_for_none() -> None:
    """Else the token of whoever signs in would go to a host that the pack never named."""
    with pytest.raises(RequestError, match="leave the endpoint out"):
        begin(world(), endpoint="https://evil.example")
    assert begin(world(declared(endpoint={"domain": "provider.example"})), endpoint="https://eu7.provider.example").url


def test_an_endpoint_that_the_service_names_is_the_accounts() -> None:
    more = {"instance_url": "https://eu7.provider.example/"}
    here = world(declared(endpoint_field="instance_url"), authority=Authority(more=more))
    assert signed_in(here).endpoint == "https://eu7.provider.example"


@pytest.mark.parametrize(
    ("where", "allowed", "visits"),
    [
        ("body", "client_secret_post", [False]),
        ("header", "client_secret_basic", [True]),
        ("automatic", "client_secret_post", [False]),
        ("automatic", "client_secret_basic", [False, True]),
    ],
)
def test_the_client_proves_itself_where_the_service_wants_it(where: str, allowed: str, visits: list[bool]) -> None:
    here = world(declared(credentials=where))
    here.authority.client.methods = (allowed,)
    assert signed_in(here).state is ConnectionState.ACTIVE
    assert [visit.header for visit in here.authority.visits] == visits


def test_nothing_of_a_sign_in_shows() -> None:
    here = world()
    started = begin(here)
    answer = agree(here, started)
    shown = repr(answer) + repr(replace(started, url=""))
    for secret in (answer.state, answer.code, answer.browser):
        assert secret not in shown
