from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.service.house import SmallHouse

ROUTES = [
    ("POST", "/v1/jobs"),
    ("GET", "/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057"),
    ("DELETE", "/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057"),
    ("GET", "/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057/events"),
    ("POST", "/v1/formulas/plan"),
    ("POST", "/v1/connections"),
    ("GET", "/v1/connections"),
]


@pytest.fixture
def nobody(url: str) -> Iterator[httpx.Client]:
    """Speaks without a key."""
    with httpx.Client(base_url=url) as client:
        yield client


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_nothing_of_a_workspace_is_shown_without_a_key(nobody: httpx.Client, method: str, path: str) -> None:
    answer = nobody.request(method, path, json={"formula": "=1"})
    assert (answer.status_code, answer.json()["code"]) == (401, "Unauthorized")
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    assert "Authorization: Bearer" in answer.json()["detail"]


@pytest.mark.parametrize("content", [b"{", b"1" * 2_000_000, b""])
def test_the_key_is_looked_at_before_the_body(nobody: httpx.Client, content: bytes) -> None:
    """A stranger learns nothing about what a body should be, and costs us no parsing."""

    def parts() -> Iterator[bytes]:
        yield content

    assert nobody.post("/v1/jobs", content=parts()).status_code == 401


def test_a_key_that_does_not_open_is_refused(nobody: httpx.Client, house: SmallHouse) -> None:
    token = house.token()
    revoked = house.token()
    house.keys.revoke(revoked.split("_")[1])
    wrong = [
        f"Basic {token}",
        token,
        f"Bearer {token}0",
        f"Bearer {token[:-1]}{'0' if token[-1] != '0' else '1'}",
        f"Bearer pk_{'0' * 16}_{token.split('_')[2]}",
        f"Bearer {revoked}",
        "Bearer",
        "Bearer ü",
    ]
    for header in wrong:
        answer = nobody.get("/v1/connections", headers={b"Authorization": header.encode()})
        assert answer.status_code == 401, header
    assert nobody.get("/v1/connections", headers={"Authorization": f"bearer {token}"}).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/ready", "/openapi.json", "/docs"])
def test_what_machines_and_newcomers_need_is_open(nobody: httpx.Client, path: str) -> None:
    assert nobody.get(path).status_code == 200


def test_the_key_of_a_job_is_its_asker(http: httpx.Client, house: SmallHouse) -> None:
    job = http.post("/v1/jobs", json={"formula": "=1"}).json()["id"]
    assert house.jobs.get(job).asked_by == http.headers["authorization"].split("_")[1]
