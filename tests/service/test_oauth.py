"""People sign in through the service; whoever forges, repeats or redirects a part of it gains nothing."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.connections.world import REDIRECT
from tests.provider.authority import CLIENT, SECRET
from tests.service.house import SmallHouse


@pytest.fixture
def client(http: httpx.Client, house: SmallHouse) -> None:
    """Sets what the workspace is to the mail service."""
    house.authority.client.redirects.append(REDIRECT)
    asked = {"client_id": CLIENT, "client_secret": SECRET}
    answer = http.put("/v1/packs/Mail/oauth-client", json=asked)
    assert (answer.status_code, answer.json()) == (200, {"pack_id": 7, "client_id": CLIENT})


def start(http: httpx.Client, **more: str) -> tuple[dict[str, Any], httpx.Client]:
    """Begins a sign-in; gives it with a browser that has the cookie and no key."""
    answer = http.get("/v1/oauth/start", params={"pack": "Mail", "name": "me", **more})
    assert answer.status_code == 200, answer.text
    # The cookie is for https alone, and the service of these tests is behind none.
    cookie = answer.headers["set-cookie"].partition(";")[0]
    return answer.json(), httpx.Client(base_url=http.base_url, headers={"Cookie": cookie})


def nobody(http: httpx.Client) -> httpx.Client:
    """Speaks without a key and without a cookie."""
    return httpx.Client(base_url=http.base_url)


def agree(house: SmallHouse, started: dict[str, Any]) -> dict[str, list[str]]:
    parts = urlsplit(started["authorization_url"])
    back = urlsplit(house.authority.authorize(f"{parts.path}?{parts.query}"))
    assert f"{back.scheme}://{back.netloc}{back.path}" == REDIRECT
    return parse_qs(back.query)


@pytest.mark.usefixtures("client")
def test_a_person_signs_in(http: httpx.Client, house: SmallHouse) -> None:
    started, browser = start(http)
    answer = browser.get("/v1/oauth/callback", params=agree(house, started))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "is connected" in answer.text
    (made,) = (each for each in http.get("/v1/connections").json() if each["id"] == started["connection"])
    assert (made["state"], made["name"]) == ("active", "me")
    assert made["expires_at"]
    history = http.get(f"/v1/connections/{made['id']}/audit").json()
    assert [line["action"] for line in history["lines"]] == ["sign-in begun", "signed in"]
    assert history["intact"]


@pytest.mark.usefixtures("client")
def test_the_cookie_is_the_browsers_alone(http: httpx.Client) -> None:
    answer = http.get("/v1/oauth/start", params={"pack": "Mail", "name": "me"})
    cookie = answer.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=lax", "Secure", "Path=/v1/oauth", "Max-Age=600"):
        assert part in cookie


@pytest.mark.usefixtures("client")
def test_without_the_cookie_nobody_is_let_in(http: httpx.Client, house: SmallHouse) -> None:
    started, _ = start(http)
    answer = nobody(http).get("/v1/oauth/callback", params=agree(house, started))
    assert (answer.status_code, answer.json()["code"]) == (400, "BadRequest")
    assert "another browser" in answer.json()["detail"]


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "https://evil.example/", "\r\nX: y"])
def test_nothing_that_comes_back_is_echoed_or_followed(http: httpx.Client, house: SmallHouse, text: str) -> None:
    started, browser = start(http)
    said = agree(house, started)
    for wrong in ({"error": text, "error_description": text}, {"code": text}, {"iss": text}, {"state": text}):
        answer = browser.get("/v1/oauth/callback", params={**said, **wrong, "redirect": text})
        assert answer.status_code >= 400
        assert text.strip() not in answer.text
        assert "html" not in answer.headers["content-type"]
        assert "location" not in answer.headers


def test_a_sign_in_that_was_never_begun_is_refused(http: httpx.Client) -> None:
    answer = nobody(http).get("/v1/oauth/callback", params={"state": "guessed", "code": "x"})
    assert answer.status_code == 400


@pytest.mark.usefixtures("client")
def test_a_sign_in_begins_with_a_key_only(http: httpx.Client) -> None:
    assert nobody(http).get("/v1/oauth/start?pack=Mail&name=me").status_code == 401


@pytest.mark.usefixtures("client")
def test_another_workspace_has_no_client_of_ours(stranger: httpx.Client) -> None:
    answer = stranger.get("/v1/oauth/start", params={"pack": "Mail", "name": "me"})
    assert (answer.status_code, answer.json()["code"]) == (409, "NotConnected")


@pytest.mark.usefixtures("client")
def test_where_people_are_sent_back_to_is_not_for_callers_to_choose(http: httpx.Client) -> None:
    asked = {"pack": "Mail", "name": "me", "redirect_uri": "https://evil.example/"}
    assert http.get("/v1/oauth/start", params=asked).status_code == 400


def test_a_pack_without_sign_in_says_how_it_is_connected(http: httpx.Client) -> None:
    answer = http.get("/v1/oauth/start", params={"pack": "GitHub", "name": "me"})
    assert (answer.status_code, "token or fields" in answer.json()["detail"]) == (409, True)
    answer = http.put("/v1/packs/GitHub/oauth-client", json={"client_id": "x", "client_secret": SECRET})
    assert answer.status_code == 409
    assert SECRET not in answer.text


@pytest.mark.usefixtures("client")
def test_the_service_ends_the_tokens_of_an_account_that_is_ended(http: httpx.Client, house: SmallHouse) -> None:
    started, browser = start(http)
    browser.get("/v1/oauth/callback", params=agree(house, started))
    assert not house.authority.given[-1].revoked
    assert http.delete(f"/v1/connections/{started['connection']}").json()["state"] == "revoked"
    assert house.authority.given[-1].revoked
    lines = http.get(f"/v1/connections/{started['connection']}/audit").json()["lines"]
    assert lines[-1]["detail"] == "the service ended the token"
