"""The most frequent request takes a shorter way, on which it meets nothing else than on the router's."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from packsys.service.app import create_app
from packsys.service.express import Express
from tests.service.house import SmallHouse

OWN = {"id", "request_id", "accepted_at", "finished_at", "deadline", "seconds"}
"""Members that no two answers share."""

ASKED: dict[str, tuple[str, str, dict[str, str]]] = {
    "a formula": ("POST", '{"formula": "Done()", "variables": {"Value": 1}}', {}),
    "a formula that goes on": ("POST", '{"formula": "1"}', {}),
    "a wrong formula": ("POST", '{"formula": "Nope()"}', {}),
    "a formula without an account": ("POST", '{"formula": "Locked()"}', {}),
    "no room": ("POST", '{"formula": "Down()"}', {}),
    "a mistake of ours": ("POST", '{"formula": "Crash()"}', {}),
    "no JSON": ("POST", "{", {}),
    "an unknown field": ("POST", '{"formula": "1", "Formula": "1"}', {}),
    "two idempotency keys": ("POST", '{"formula": "1", "idempotency_key": "a"}', {"Idempotency-Key": "b"}),
    "a stranger": ("POST", '{"formula": "1"}', {"Authorization": "Bearer nobody"}),
    "another type": ("POST", "1", {"Content-Type": "text/plain"}),
    "a compressed body": ("POST", "1", {"Content-Encoding": "gzip"}),
    "another method": ("PUT", "{}", {}),
}


def without_express(app: FastAPI) -> FastAPI:
    app.user_middleware = [each for each in app.user_middleware if each.cls is not Express]
    return app


def told(app: FastAPI, token: str, name: str) -> Any:
    method, body, own = ASKED[name]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", **own}

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://house") as client:
            return await client.request(method, "/v1/jobs", content=body, headers=headers)

    answer = asyncio.run(ask())
    shown = {key: value for key, value in answer.json().items() if key not in OWN}
    return answer.status_code, sorted(answer.headers), shown


@pytest.mark.parametrize("name", ASKED)
def test_the_short_way_answers_as_the_router_does(name: str) -> None:
    house = SmallHouse()
    token = house.token()
    routed = told(without_express(create_app(house.services)), token, name)
    assert told(create_app(house.services), token, name) == routed
