"""The description is true: schemathesis makes requests from it, right and wrong ones, and finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

import pytest
import schemathesis
from fastapi import Depends, FastAPI, Query
from fastapi.responses import JSONResponse
from hypothesis import strategies as st
from schemathesis import BaseSchema
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished

from packsys.model import Job, Submission
from packsys.runtime.batch import Answer
from packsys.runtime.preview import Preview
from packsys.service.app import create_app
from packsys.service.auth import BEARER
from packsys.service.fields import REFERENCE_FORMULA
from packsys.service.health import Health
from tests.service.house import SmallHouse, answered
from tests.service.test_packs import made

ARCHIVES = st.builds(lambda minor, patch: made(f"1.{minor}.{patch}"), st.integers(0, 9), st.integers(0, 9))
schemathesis.openapi.media_type("application/zip", ARCHIVES)


@pytest.fixture
def own() -> SmallHouse:
    return SmallHouse()


@pytest.fixture
def app(own: SmallHouse) -> FastAPI:
    """Accepts jobs that end at once, so that nobody has to wait for one, and refuses formulas of odd length."""

    def submit(submission: Submission) -> Job:
        job = own.submit(mistaken(submission))
        own.jobs.finish(job.id, submission.variables.get("Value", 42))
        return job

    def preview(submission: Submission) -> Preview:
        return own.preview(mistaken(submission))

    def submit_together(submissions: Sequence[Submission]) -> Sequence[Answer]:
        return [answered(submit, submission) for submission in submissions]

    return create_app(replace(own.services, submit=submit, submit_together=submit_together, preview=preview))


def mistaken(submission: Submission) -> Submission:
    """Puts a mistake into every formula of odd length."""
    return replace(submission, formula="1 + Nope()") if len(submission.formula) % 2 else submission


def findings(app: FastAPI, token: str, *, examples: int, path: str | None = None) -> list[str]:
    """Runs every check of schemathesis but one, in all its phases, on one path or all, and tells what they find."""
    config = SchemathesisConfig.from_dict(
        {
            "headers": {"Authorization": f"Bearer {token}"},
            "continue-on-failure": True,
            # JSON Schema cannot forbid NUL everywhere in a document; we do.
            "generation": {"max-examples": examples, "deterministic": True, "allow-x00": False},
            # DELETE ends a job, and what has become of it can still be read.
            "checks": {"use_after_free": {"enabled": False}},
            # It looks for links in answers, and falls over texts that are nearly one, such as "http://[".
            "phases": {"stateful": {"inference": {"algorithms": ["dependency-analysis"]}}},
        }
    )
    schema: BaseSchema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    if path:
        schema = schema.include(path=path)
    return [finding for event in from_schema(schema).execute() for finding in told(event)]


def told(event: object) -> Iterator[str]:
    """Gives the failures that an event of the engine tells of."""
    if isinstance(event, NonFatalError):
        yield f"error: {event.info}"
    if isinstance(event, ScenarioFinished):
        for case, checks in event.recorder.checks.items():
            seen = event.recorder.interactions.get(case)
            content = seen.response.content if seen and seen.response else b""
            path = event.recorder.cases[case].value.operation.path
            for check in checks:
                if check.failure_info and not (
                    check.name == "positive_data_acceptance" and is_no_matter_of_form(path, content)
                ):
                    yield f"{check.name}: {path}: {check.failure_info.failure} {content!r}"


ANYWHERE = (b'"code":"IdempotencyMismatch"', b'"code":"UnknownFormula"', b"is not a base URL")
TIMES = (b"There is no time zone", b"is no line of cron")
REFUSALS: Mapping[str, tuple[bytes, ...]] = {
    "/v1/syncs": (b"is read with an account", b"has no parameter", *TIMES),
    "/v1/syncs/{sync}/schedule": TIMES,
    "/v1/syncs/{sync}/rows": (b"The cursor is none",),
}
"""What a request of the right form may be told at each address."""


def is_no_matter_of_form(path: str, content: bytes) -> bool:
    """Spots the refusal of a request whose form is right: no schema tells of wrong formulas or spent keys."""
    return any(part in content for part in (*ANYWHERE, *REFUSALS.get(path, ())))


@pytest.mark.slow
@pytest.mark.parametrize("examples", [3, pytest.param(10, marks=pytest.mark.long)])
def test_schemathesis_finds_nothing(app: FastAPI, own: SmallHouse, examples: int) -> None:
    assert findings(app, own.token(), examples=examples) == []
    assert own.releases.newest(), "no pack was published on the way"


def crashes() -> None:
    raise RuntimeError("planted")


def lies() -> Any:
    return JSONResponse({"status": 1})


def takes_text(limit: Annotated[str, Query(json_schema_extra={"type": "integer"})]) -> Any:
    return limit


def asks_no_key() -> Any:
    return {}


def answers_otherwise() -> Any:
    return JSONResponse({}, status_code=203)


DEFECTS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "not_a_server_error": (crashes, {}),
    "response_schema_conformance": (lies, {"response_model": Health}),
    "negative_data_rejection": (takes_text, {}),
    "ignored_auth": (asks_no_key, {"dependencies": [Depends(BEARER)]}),
    "status_code_conformance": (answers_otherwise, {}),
}


@pytest.mark.parametrize("check", DEFECTS)
def test_schemathesis_finds_what_is_planted(app: FastAPI, own: SmallHouse, check: str) -> None:
    endpoint, options = DEFECTS[check]
    app.add_api_route("/v1/planted", endpoint, **options)
    found = findings(app, own.token(), examples=1, path="/v1/planted")
    assert any(finding.startswith(f"{check}:") for finding in found), found


def operations(app: FastAPI) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, told_of in methods.items():
            yield f"{method} {path}", told_of


def test_every_refusal_is_described_as_a_problem(app: FastAPI) -> None:
    for name, operation in operations(app):
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                assert list(answer["content"]) == ["application/problem+json"], (name, status)


def test_everything_under_v1_but_temporary_files_needs_the_key(app: FastAPI) -> None:
    for name, operation in operations(app):
        keyed = "/v1/" in name and "/v1/blobs/" not in name
        assert ("security" in operation) == keyed, name
        assert ("401" in operation["responses"]) == keyed, name


def test_names_of_operations_are_short_and_unlike(app: FastAPI) -> None:
    names = [operation["operationId"] for _, operation in operations(app)]
    assert len(names) == len(set(names))
    assert "submit_job" in names


def test_the_example_is_the_reference_formula(app: FastAPI) -> None:
    schemas = app.openapi()["components"]["schemas"]
    for request in ("JobRequest", "PlanRequest", "EditorRequest"):
        assert schemas[request]["properties"]["formula"]["examples"] == [REFERENCE_FORMULA]
