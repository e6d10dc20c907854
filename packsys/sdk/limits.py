"""How often a pack may ask its service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from packsys.sdk.errors import PackDeclarationError

Isolation: TypeAlias = Literal["fresh", "warm"]


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """Allows so many requests in so many seconds, for each connection or for the whole pack."""

    requests: int
    seconds: float
    per: Literal["connection", "pack"] = "connection"


def check_rate_limit(what: str, limit: RateLimit) -> None:
    """Refuses a limit that allows nothing, or that no clock measures."""
    if type(limit.requests) is not int or limit.requests < 1 or not 0 < limit.seconds <= 86_400:
        raise PackDeclarationError(
            f"{what} has the rate limit {limit.requests} in {limit.seconds:g} seconds: "
            "allow at least 1 request, in more than 0 seconds and at most a day."
        )
    if limit.per not in ("connection", "pack"):
        raise PackDeclarationError(f"{what} limits its rate per {limit.per!r}: say 'connection' or 'pack'.")


def check_isolation(what: str, isolation: str) -> None:
    """Refuses an isolation that there is not."""
    if isolation not in ("fresh", "warm"):
        raise PackDeclarationError(
            f"{what} says isolation={isolation!r}: say 'fresh' for a process per call, or 'warm' to keep its state."
        )
