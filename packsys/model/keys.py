"""API keys, and what they open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """Names what an API key may do; whatever its scopes, it may read which packs there are."""

    JOBS = "jobs"  # submit, follow and cancel jobs, plan formulas
    CONNECTIONS = "connections"  # connect accounts and list them
    PACKS = "packs"  # publish pack versions
    SYNCS = "syncs"  # make, run and read sync tables


@dataclass(frozen=True, kw_only=True)
class Key:
    """Is an API key without its secret: only the SHA-256 of the secret is kept."""

    id: str
    workspace: str
    name: str
    created_at: datetime
    revoked_at: datetime | None = None
    scopes: tuple[str, ...] = (Scope.JOBS, Scope.CONNECTIONS)
