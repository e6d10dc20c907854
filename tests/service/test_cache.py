"""Who may forget what of the kept results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import httpx
import pytest

from packsys.client import Packsys
from packsys.model import Scope
from packsys.runtime.recall import tags_of
from tests.service.conftest import serving
from tests.service.house import SmallHouse

ACCOUNT = "8e11cd1b-c2e1-4306-9dac-0bd95ecd5084"
OWN = tags_of("sales", pack=1013, version="1.2.0", formula="Repos", account=ACCOUNT)
OTHERS = {
    *tags_of("default", pack=1013, version="1.2.0", formula="Repos", account=ACCOUNT),
    *tags_of("sales", pack=1014, version="2.0.0", formula="User", account=None),
}


@dataclass
class Desk:
    """Is a service that notes what is to be forgotten, and a key of the workspace ``sales``."""

    house: SmallHouse
    url: str
    forgotten: list[str] = field(default_factory=list)

    def http(self, *scopes: Scope) -> httpx.Client:
        token = self.house.token("sales", scopes=scopes)
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk(SmallHouse(), "")
    with serving(replace(made.house.services, forget=made.forgotten.extend)) as made.url:
        yield made


@pytest.mark.parametrize(
    "tag",
    ["pack:1013", "pack:1013@1.2.0", "formula:1013:Repos", "formula:1013:REPOS", f"connection:{ACCOUNT.upper()}"],
)
def test_a_tag_names_results_of_the_keys_own_workspace_and_nothing_else(desk: Desk, tag: str) -> None:
    with desk.http(Scope.JOBS) as http:
        answer = http.delete("/v1/cache", params={"tag": tag})
    assert (answer.status_code, answer.json()) == (200, {"tags": desk.forgotten})
    (forgotten,) = desk.forgotten
    assert forgotten in OWN
    assert forgotten not in OTHERS


def test_without_a_tag_everything_of_the_workspace_is_forgotten(desk: Desk) -> None:
    with desk.http(Scope.JOBS) as http:
        assert http.delete("/v1/cache").json() == {"tags": ["workspace:sales"]}
    assert set(desk.forgotten) <= set(OWN)


@pytest.mark.parametrize(
    "query",
    [
        "tags=pack:1013",
        "pack=1013",
        "tag=pack:1013&version=1.2.0",
        "tag=pack:0",
        "tag=workspace:other",
        "tag=pack:1013:other",
        "tag=connection:mine",
        "tag=",
    ],
)
def test_what_is_misspelt_forgets_nothing(desk: Desk, query: str) -> None:
    with desk.http(Scope.JOBS) as http:
        assert http.delete(f"/v1/cache?{query}").status_code in (400, 422)
    assert desk.forgotten == []


def test_a_key_needs_the_scope_of_jobs(desk: Desk) -> None:
    with desk.http(Scope.PACKS, Scope.SYNCS, Scope.CONNECTIONS) as http:
        assert http.delete("/v1/cache").status_code == 403
    assert desk.forgotten == []


def test_the_client_forgets_several_at_once(desk: Desk) -> None:
    with Packsys(desk.url, desk.house.token("sales")) as client:
        assert client.clear_cache("pack:1013", "formula:1014:User") == [
            "pack:1013:sales",
            "formula:1014:user:sales",
        ]
        assert client.clear_cache() == ["workspace:sales"]
    assert desk.forgotten == ["pack:1013:sales", "formula:1014:user:sales", "workspace:sales"]
