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
