"""Tells machines whether the process lives and whether it can do its work. Neither needs a key."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

import packsys
from packsys.service.auth import House
from packsys.service.problems import Missing, declare

router = APIRouter(tags=["health"], responses=declare(413, 415, 500))


class Health(BaseModel):
    """Says that the process answers."""

    status: str = Field("ok", examples=["ok"])
    version: str


class Readiness(BaseModel):
    """Says that everything the service needs answers too."""

    status: str = Field("ok", examples=["ok"])
    checks: dict[str, str] = Field(examples=[{"postgres": "ok", "state": "ok"}])


@router.get("/health")
async def health() -> Health:
    """Answers as long as the process lives: restart it when this fails."""
    return Health(version=packsys.__version__)


@router.get("/ready", responses=declare(503))
def ready(house: House) -> Readiness:
    """Answers 200 when jobs can be accepted, 503 with what is missing otherwise: send no traffic then."""
    checks = dict(house.ready())
    if any(said != "ok" for said in checks.values()):
        raise Missing(checks)
    return Readiness(checks=checks)
