"""Completes the OpenAPI description that FastAPI makes."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from packsys.service.syncviews import RunEventView
from packsys.service.views import EventView, Problem

VERSION = "3.2.0"
"""The first version of OpenAPI that can describe a stream of events."""


def describe(app: FastAPI) -> dict[str, Any]:
    """Describes the API, with the models that no route returns as its body: problems and events."""
    described = get_openapi(
        title=app.title,
        version=app.version,
        openapi_version=VERSION,
        description=app.description,
        routes=app.routes,
    )
    _, models = models_json_schema(
        [(each, "serialization") for each in (Problem, EventView, RunEventView)],
        ref_template="#/components/schemas/{model}",
    )
    described["components"]["schemas"].update(models["$defs"])
    return described
