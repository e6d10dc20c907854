from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from tests.service.house import SmallHouse

TOKEN = "not-a-real-token"


@pytest.mark.parametrize("pack", ["GitHub", "github", "1013"])
def test_an_account_is_connected_and_its_secret_stays(http: httpx.Client, house: SmallHouse, pack: str) -> None:
    connection = str(uuid4())
    asked = {"pack": pack, "name": "hereisfun", "token": TOKEN, "endpoint": "https://github.example", "id": connection}
    answer = http.post("/v1/connections", json=asked)
    assert answer.status_code == 201
    shown = {
        "id": connection,
        "pack_id": 1013,
        "name": "hereisfun",
        "state": "active",
        "endpoint": "https://github.example",
        "reason": "",
        "expires_at": None,
        "last_used_at": None,
    }
    assert answer.json() == shown
    assert shown in http.get("/v1/connections").json()
    assert TOKEN not in http.get("/v1/connections").text
    kept = house.kept.get(connection, workspace="default")
    assert kept
    assert kept.sealed[::-1] == TOKEN.encode()


def test_a_connection_gets_an_id_when_it_brings_none(http: httpx.Client) -> None:
    first, second = (http.post("/v1/connections", json={"pack": "GitHub", "name": "a", "token": TOKEN}) for _ in "12")
    assert first.json()["id"] != second.json()["id"]


def test_an_account_of_an_unknown_pack_is_refused(http: httpx.Client) -> None:
    for pack in ("Slack", "4711", "", "9" * 200):
        answer = http.post("/v1/connections", json={"pack": pack, "name": "a", "token": TOKEN})
        assert (answer.status_code, answer.json()["code"]) == (404, "NotFound"), pack
        assert "GitHub" in answer.json()["detail"]
        assert TOKEN not in answer.text


def test_connections_of_workspaces_do_not_mix(http: httpx.Client, stranger: httpx.Client) -> None:
    connection = http.post("/v1/connections", json={"pack": "GitHub", "name": "ours", "token": TOKEN}).json()
    assert connection not in stranger.get("/v1/connections").json()


def test_an_account_may_have_several_fields(http: httpx.Client, house: SmallHouse) -> None:
    asked = {"pack": "GitHub", "name": "several", "fields": {"user": "me", "key": TOKEN}}
    answer = http.post("/v1/connections", json=asked)
    assert answer.status_code == 201
    assert TOKEN not in answer.text
    kept = house.kept.get(answer.json()["id"], workspace="default")
    assert kept
    assert kept.sealed == f"em;{TOKEN[::-1]}".encode()


def test_an_account_is_ended_and_its_secret_is_gone(http: httpx.Client, house: SmallHouse) -> None:
    made = http.post("/v1/connections", json={"pack": "GitHub", "name": "to end", "token": TOKEN}).json()
    for _ in "12":  # repeating it is harmless
        answer = http.delete(f"/v1/connections/{made['id']}")
        assert (answer.status_code, answer.json()["state"]) == (200, "revoked")
    kept = house.kept.get(made["id"], workspace="default")
    assert kept
    assert (kept.sealed, kept.version) == (b"", 2)


def test_nobody_ends_or_reads_an_account_of_another_workspace(http: httpx.Client, stranger: httpx.Client) -> None:
    made = http.post("/v1/connections", json={"pack": "GitHub", "name": "ours", "token": TOKEN}).json()
    assert stranger.delete(f"/v1/connections/{made['id']}").status_code == 404
    assert stranger.get(f"/v1/connections/{made['id']}/audit").status_code == 404
    assert http.get(f"/v1/connections/{made['id']}/audit").json()["lines"][-1]["action"] == "connected"


def test_the_history_says_who_and_from_where(http: httpx.Client) -> None:
    made = http.post("/v1/connections", json={"pack": "GitHub", "name": "a", "token": TOKEN}).json()
    http.delete(f"/v1/connections/{made['id']}")
    history = http.get(f"/v1/connections/{made['id']}/audit").json()
    assert history["intact"]
    told = [(line["number"], line["action"], line["source"], line["version"]) for line in history["lines"]]
    assert told == [(1, "connected", "127.0.0.1", 1), (2, "revoked", "127.0.0.1", 2)]
    assert all(len(line["actor"]) == 16 for line in history["lines"])
    assert TOKEN not in str(history)
