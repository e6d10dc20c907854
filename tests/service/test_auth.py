from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from packsys.model import Scope
from tests.service.house import SmallHouse

JOB = "01890a5d-ac96-774b-bcce-b302099a8057"
SCOPED = {
    ("POST", "/v1/jobs"): Scope.JOBS,
    ("GET", f"/v1/jobs/{JOB}"): Scope.JOBS,
    ("DELETE", f"/v1/jobs/{JOB}"): Scope.JOBS,
    ("GET", f"/v1/jobs/{JOB}/events"): Scope.JOBS,
    ("POST", "/v1/formulas/plan"): Scope.JOBS,
    ("POST", "/v1/formulas/editor"): Scope.JOBS,
    ("POST", "/v1/connections"): Scope.CONNECTIONS,
    ("GET", "/v1/connections"): Scope.CONNECTIONS,
    ("POST", "/v1/packs"): Scope.PACKS,
}
UNSCOPED = [
    ("GET", "/v1/packs"),
    ("GET", "/v1/packs/1013"),
    ("GET", "/v1/packs/1013/versions"),
    ("GET", "/v1/packs/1013/versions/1.0.0/manifest"),
]
ROUTES = [*SCOPED, *UNSCOPED]


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


@pytest.mark.parametrize("path", ["/health", "/ready", "/openapi.json", "/docs", "/manifest.schema.json"])
def test_what_machines_and_newcomers_need_is_open(nobody: httpx.Client, path: str) -> None:
    assert nobody.get(path).status_code == 200


@pytest.mark.parametrize(("method", "path"), SCOPED)
def test_a_key_does_what_its_scopes_say(url: str, house: SmallHouse, method: str, path: str) -> None:
    needed = SCOPED[method, path]
    for scope in (*Scope, None):
        headers = {"Authorization": f"Bearer {house.token(scopes=[scope] if scope else [])}"}
        answer = httpx.request(method, url + path, headers=headers)
        if scope == needed:
            assert answer.status_code != 403, answer.text
            continue
        assert (answer.status_code, answer.json()["code"]) == (403, "MissingScope")
        assert f"--scope {needed}" in answer.json()["detail"]
        assert f'error="insufficient_scope", scope="{needed}"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize(("method", "path"), UNSCOPED)
def test_what_packs_there_are_any_key_may_read(url: str, house: SmallHouse, method: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {house.token(scopes=[])}"}
    assert httpx.request(method, url + path, headers=headers).status_code == 200


def test_every_scope_is_told_in_the_description(url: str) -> None:
    paths = httpx.get(f"{url}/openapi.json").json()["paths"]
    for (method, path), needed in SCOPED.items():
        told = paths[path.replace(JOB, "{job_id}")][method.lower()]
        assert told["security"] == [{"apiKey": [needed]}], path
        assert "403" in told["responses"]


def test_the_key_of_a_job_is_its_asker(http: httpx.Client, house: SmallHouse) -> None:
    job = http.post("/v1/jobs", json={"formula": "=1"}).json()["id"]
    assert house.jobs.get(job).asked_by == http.headers["authorization"].split("_")[1]
