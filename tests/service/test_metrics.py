"""The page of figures: closed to tenants, and true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from packsys.cli.system import System
from packsys.client import Packsys
from packsys.memory import MemoryCounters
from packsys.metrics.declared import METRICS, Source
from packsys.metrics.exposition import Exposition
from packsys.model import JobState
from tests.metrics.reading import figures
from tests.service.conftest import serving
from tests.service.house import SmallHouse
from tests.waiting import until

TOKEN = "a-token-for-the-figures"


@pytest.fixture
def watched(house: SmallHouse) -> Iterator[httpx.Client]:
    """Serves a house that tells its figures."""
    services = replace(house.services, exposition=Exposition(meters={"state": [MemoryCounters()]}, token=TOKEN))
    with serving(services) as url, httpx.Client(base_url=url) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_without_a_token_in_the_settings_nothing_is_told(http: httpx.Client) -> None:
    answer = http.get("/metrics")
    assert (answer.status_code, answer.json()["code"]) == (404, "NotFound")


@pytest.mark.parametrize("headers", [{}, bearer("wrong"), bearer(TOKEN[:-1]), {"Authorization": f"Basic {TOKEN}"}])
def test_who_has_not_the_token_is_told_nothing(watched: httpx.Client, headers: dict[str, str]) -> None:
    answer = watched.get("/metrics", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "Unauthorized")


def test_the_key_of_a_tenant_opens_nothing(watched: httpx.Client, house: SmallHouse) -> None:
    """Figures are about all workspaces, and every key is one workspace's."""
    assert watched.get("/metrics", headers=bearer(house.token())).status_code == 401


def test_who_has_the_token_is_told(watched: httpx.Client) -> None:
    answer = watched.get("/metrics", headers=bearer(TOKEN))
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert figures(answer.text)["packsys_source_up", "state"] == 1


def test_requests_are_told_by_the_pattern_of_their_path(watched: httpx.Client, house: SmallHouse) -> None:
    """Ids, and whatever a stranger asks for, are no labels."""
    job = "0189dd3c-0000-7000-8000-00000000cafe"
    watched.get(f"/v1/jobs/{job}", headers=bearer(house.token()))
    watched.get("/wp-login.php")
    watched.request("BREW", "/health")
    text = watched.get("/metrics", headers=bearer(TOKEN)).text
    told = figures(text)
    assert told["packsys_request_seconds_count", "GET", "/v1/jobs/{job_id}", "404"] == 1
    assert told["packsys_request_seconds_count", "GET", "unrouted", "404"] == 1
    assert [name for name in told if name[1:2] == ("other",)]
    assert job not in text
    assert "wp-login" not in text


@pytest.mark.slow
def test_the_figures_of_a_system_are_true(service: Packsys, system: System) -> None:
    def scrape() -> dict[tuple[str, ...], float]:
        told = httpx.get(f"{system.url}/metrics", headers=bearer(TOKEN))
        assert told.status_code == 200
        return figures(told.text)

    before = scrape()
    assert {name[1]: value for name, value in before.items() if name[0] == "packsys_source_up"} == {
        "database": 1,
        "state": 1,
        "cache": 1,
    }
    done, failed = service.submit("=1 + 1"), service.submit('=ToNumber("x")')
    assert service.wait(done.id).state == JobState.DONE
    assert service.wait(failed.id).state == JobState.FAILED

    def grown(state: str) -> float:
        return scrape().get(("packsys_jobs_total", state), 0) - before.get(("packsys_jobs_total", state), 0)

    until(lambda: (grown("done"), grown("failed"), grown("accepted")) >= (1, 1, 2), seconds=20)


@pytest.mark.slow
def test_everything_that_is_told_is_declared(system: System) -> None:
    """Except what the library tells of any process."""
    text = httpx.get(f"{system.url}/metrics", headers=bearer(TOKEN)).text
    names = {
        sample.name
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if not family.name.startswith("process_")
    }
    told = {re.sub(r"_(bucket|sum|count|created)$", "", name) for name in names}
    known = {*METRICS, *(name.removesuffix("_total") for name in METRICS)}
    assert told <= known
    missing = {name for name, metric in METRICS.items() if metric.source in (Source.DATABASE,)} - told
    assert missing <= {"packsys_jobs_open", "packsys_steps_open", "packsys_sync_runs_open"}  # where there is none


@pytest.mark.slow
def test_a_worker_tells_its_calls(service: Packsys, system: System) -> None:
    words = re.findall(r"metrics\.open host=127\.0\.0\.1 port=(\d+)", (system.directory / "worker.log").read_text())
    assert words
    job = service.submit("=Probe::Add(1, 2)")
    assert service.wait(job.id).state == JobState.DONE

    def told() -> float:
        pages = [figures(httpx.get(f"http://127.0.0.1:{port}/metrics").text) for port in words]
        return sum(page.get(("pack_execution_total", "Add", "done", "Probe"), 0) for page in pages)

    until(lambda: told() >= 1)
