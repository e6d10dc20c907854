"""What a request must be before anything is done for it, and what every answer is."""

from __future__ import annotations

import gzip
import json
import logging
from collections.abc import Iterator

import httpx
import pytest

JSON = {"Content-Type": "application/json"}

BAD: dict[str, tuple[bytes, dict[str, str], int, str]] = {
    "no body": (b"", {}, 422, "Invalid"),
    "no type": (b"{}", {}, 415, "UnsupportedMediaType"),
    "a form": (b"formula=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "UnsupportedMediaType"),
    "text": (b'{"formula": "1"}', {"Content-Type": "text/plain"}, 415, "UnsupportedMediaType"),
    "gzip": (gzip.compress(b"{}"), {**JSON, "Content-Encoding": "gzip"}, 415, "UnsupportedMediaType"),
    "not JSON": (b"{", JSON, 400, "BadRequest"),
    "a field twice": (b'{"formula": "1", "formula": "2"}', JSON, 400, "BadRequest"),
    "NaN": (b'{"formula": "1", "wait": NaN}', JSON, 400, "BadRequest"),
    "a list": (b"[]", JSON, 422, "Invalid"),
    "no formula": (b"{}", JSON, 422, "Invalid"),
    "a number for a text": (b'{"formula": 1}', JSON, 422, "Invalid"),
    "a text for a number": (b'{"formula": "1", "wait": "3"}', JSON, 422, "Invalid"),
    "a number for a condition": (b'{"formula": "1", "actions": 1}', JSON, 422, "Invalid"),
    "an unknown field": (b'{"formula": "1", "priority": 1}', JSON, 422, "Invalid"),
    "too long a wait": (b'{"formula": "1", "wait": 31}', JSON, 422, "Invalid"),
    "no time at all": (b'{"formula": "1", "timeout": 0}', JSON, 422, "Invalid"),
    "too much time": (b'{"formula": "1", "timeout": 1e6}', JSON, 422, "Invalid"),
    "an empty idempotency key": (b'{"formula": "1", "idempotency_key": ""}', JSON, 422, "Invalid"),
    "a number that no formula can hold": (
        b'{"formula": "1", "variables": {"N": 1' + b"0" * 400 + b"}}",
        JSON,
        400,
        "BadRequest",
    ),
    "too large a body": (b'{"formula": "' + b"1" * 1_000_000 + b'"}', JSON, 413, "TooLarge"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_a_problem_with_its_code(http: httpx.Client, name: str) -> None:
    content, headers, status, code = BAD[name]
    answer = http.post("/v1/jobs", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["type"] == f"urn:packsys:problem:{code}"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


def test_a_body_without_a_length_is_counted_as_it_comes(http: httpx.Client) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"formula": "'
        yield from [b"1" * 50_000] * 40

    answer = http.post("/v1/jobs", content=parts(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "TooLarge")


def test_a_json_type_may_have_parameters_and_a_suffix(http: httpx.Client) -> None:
    for kind in ("application/json; charset=utf-8", "application/vnd.packsys+json"):
        assert http.post("/v1/jobs", content=b'{"formula": "1"}', headers={"Content-Type": kind}).status_code == 202


def test_what_was_sent_is_not_repeated(http: httpx.Client) -> None:
    secret = {"pack": "GitHub", "name": "", "token": ["hunter2"]}
    answer = http.post("/v1/connections", json=secret)
    assert answer.status_code == 422
    assert "hunter2" not in answer.text


def test_fields_are_named_by_pointers(http: httpx.Client) -> None:
    answer = http.post("/v1/jobs", json={"formula": "1", "a/b~c": 1, "wait": -1})
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/a~1b~0c", "/wait"}
    answer = http.get("/v1/jobs/x", params={"wait": "x"})
    assert {(e["where"], e["pointer"]) for e in answer.json()["errors"]} == {("path", "/job_id"), ("query", "/wait")}


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/jobs", "/v1/jobs/", "/docs/", "/v1/formulas/plan/x", "/redoc"])
def test_an_unknown_address_is_a_problem(http: httpx.Client, path: str) -> None:
    answer = http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "NoSuchAddress")


METHODS = {
    "/v1/jobs": "POST",
    "/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057": "GET, DELETE",
    "/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057/events": "GET",
    "/v1/formulas/plan": "POST",
    "/v1/formulas/editor": "POST",
    "/v1/connections": "GET, POST",
    "/v1/packs": "GET, POST",
    "/v1/packs/1013": "GET",
    "/v1/packs/1013/versions": "GET",
    "/v1/packs/1013/versions/1.0.0/manifest": "GET",
    "/health": "GET",
    "/ready": "GET",
}


@pytest.mark.parametrize("path", METHODS)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "TRACE", "QUERY"])
def test_a_method_that_is_not_taken_is_a_problem_that_lists_those_that_are(
    http: httpx.Client, path: str, method: str
) -> None:
    answer = http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (405, "MethodNotAllowed")
    assert answer.headers["allow"] == METHODS[path]


def test_a_mistake_of_ours_tells_the_caller_its_id_and_the_log_the_rest(
    http: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = http.post("/v1/jobs", json={"formula": "Crash()"}, headers={"X-Request-ID": "crash-1"})
    assert (answer.status_code, answer.json()["code"]) == (500, "House")
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    (record,) = caplog.records
    assert (record.getMessage(), vars(record)["request_id"]) == ("request.failed", "crash-1")
    assert record.exc_info
    assert record.exc_info[0] is RuntimeError


def test_a_server_that_is_away_says_when_to_come_back(http: httpx.Client) -> None:
    answer = http.post("/v1/jobs", json={"formula": "Down()"})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "NotReady", "7")
    assert answer.json()["retry_after"] == 7


def test_an_account_that_cannot_be_used_is_a_conflict(http: httpx.Client) -> None:
    answer = http.post("/v1/jobs", json={"formula": "Locked()"})
    assert (answer.status_code, answer.json()["code"]) == (409, "NotConnected")
    assert answer.json()["actor"] == "owner"


@pytest.mark.parametrize("formula", ["=1", "Nope()", "Crash()", "Down()"])
def test_every_answer_carries_the_headers_of_security(http: httpx.Client, formula: str) -> None:
    headers = http.post("/v1/jobs", json={"formula": formula}, headers={"Origin": "https://evil.example"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "server" not in headers
    assert not [name for name in headers if name.startswith("access-control")]


def test_a_request_id_is_kept_when_it_is_fit_for_logs(http: httpx.Client) -> None:
    assert http.get("/health", headers={"X-Request-ID": "abc-1.2_3"}).headers["x-request-id"] == "abc-1.2_3"
    for unfit in ("", "a b", "x" * 65, 'a"b'):
        made = http.get("/health", headers={"X-Request-ID": unfit}).headers["x-request-id"]
        assert made != unfit
        assert len(made) == 32


def test_a_problem_is_what_the_description_says(http: httpx.Client) -> None:
    described = http.get("/openapi.json").json()["components"]["schemas"]["Problem"]
    problem = json.loads(http.post("/v1/jobs", json={"formula": "Nope()"}).text)
    assert problem.keys() <= described["properties"].keys()
    assert problem.keys() >= set(described["required"])
