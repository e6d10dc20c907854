"""Bad input gets a clear error with its code; nothing is lost and nothing is left running."""

from __future__ import annotations

import httpx
import pytest

from packsys.cli.system import System
from packsys.client import Packsys

pytestmark = pytest.mark.slow

UNKNOWN = "$$[packConnectionReference:00000000-0000-0000-0000-000000000000:1013:1.0.0:false:false:nobody]"

REFUSED = {
    "an empty formula": ("", "Syntax"),
    "a blank formula": ("   ", "Syntax"),
    "a formula of 100 KB": ("1 + " * 25_000 + "1", "TooLong"),
    "10,000 nested parentheses": ("(" * 10_000 + "1" + ")" * 10_000, "TooDeep"),
    "an unknown pack": ("$$[pack:4711:::false:false:Nope]::Fly()", "UnknownPack"),
    "an unknown formula": ("Probe::Ecko(1)", "UnknownFormula"),
    "an unknown function": ("Fliter(List(1), true)", "UnknownFormula"),
    "an unknown name": ("nobody + 1", "UnknownName"),
    "a wrong argument": ("Probe::Echo(1, 2, 3)", "WrongArguments"),
    "a wrong named argument": ("Probe::Echo(volume: 1)", "WrongArguments"),
    "a connection that does not exist": (f"GitHub::Repos({UNKNOWN})", "UnknownConnection"),
    "a missing parenthesis": ("Probe::Echo(1", "Syntax"),
    "an action": ('Probe::Act("x")', "ActionNotAllowed"),
}


@pytest.fixture
def http(system: System) -> httpx.Client:
    """Gives a plain HTTP client with the key."""
    return httpx.Client(base_url=system.url, headers={"Authorization": f"Bearer {system.key}"})


@pytest.mark.parametrize("name", REFUSED)
def test_a_formula_that_cannot_run_is_refused_with_its_place(http: httpx.Client, name: str) -> None:
    formula, kind = REFUSED[name]
    answer = http.post("/v1/jobs", json={"formula": formula})
    problem = answer.json()
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["formula"]["kind"] == kind, problem
    assert problem["formula"]["line"] >= 1
    assert "^" in problem["formula"]["drawing"]


def test_a_formula_of_a_megabyte_is_too_large_to_read(http: httpx.Client) -> None:
    answer = http.post("/v1/jobs", json={"formula": "1 + " * 300_000 + "1"})
    assert answer.status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"formula": NaN}', b'{"formula": "1", "formula": "2"}'])
def test_a_body_that_is_not_the_json_we_mean_is_a_problem(http: httpx.Client, body: bytes) -> None:
    answer = http.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422)
    assert answer.json()["code"]


FAILED = {
    "a pack that raises": ('Probe::Raise("broken")', "PackRaised"),
    "a pack that refuses": ('Probe::Refuse("not today")', "UserVisible"),
    "a service that says no": ("Probe::Fail(404)", "Api"),
    "a number from a word": ('1 - "x"', "Value"),
}


@pytest.mark.parametrize("name", FAILED)
def test_a_formula_that_fails_ends_its_job_with_the_code(service: Packsys, name: str) -> None:
    formula, code = FAILED[name]
    job = service.wait(service.submit(formula).id)
    assert job.report["state"] == "failed"
    assert job.report["error"]["code"] == code


def test_a_failing_call_is_a_value_that_if_error_mends(service: Packsys) -> None:
    assert service.run('IfError(Probe::Raise("broken"), "mended")') == "mended"


def test_nothing_is_left_running(service: Packsys) -> None:
    job = service.submit("Probe::Sleep(20, 1)").id
    assert service.cancel(job).report["state"] == "cancelled"
    assert service.job(job).report["state"] == "cancelled"
