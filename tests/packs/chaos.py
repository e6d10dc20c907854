"""A pack for the chaos suite: each call is one request to a service that notes it, and says whose job it is for.

``label`` names the job, so that the service's history can be laid beside those of the clients and the database.
"""

from __future__ import annotations

import random
import time
from typing import Annotated, TypeAlias

from packsys.sdk import Context, Endpoint, HeaderBearerToken, Pack, RateLimit, Response, StatusCodeError

pack = Pack(
    id=9005,
    name="Chaos",
    version="1.0.0",
    description="Asks a service that misbehaves.",
    domains=["chaos.example"],
    authentication=HeaderBearerToken(endpoint=Endpoint()),
    rate_limits=[RateLimit(requests=1_000_000, seconds=1)],
)

RARE = 0.01
"""Part of the quick calls that is slow, and part that fails."""

Label: TypeAlias = Annotated[str, "Whose call it is."]
Number: TypeAlias = Annotated[float, "A number."]


def asked(context: Context, call: str, label: str, n: float, *, method: str = "GET") -> float:
    """Makes the one request of a call."""
    return float(
        context.fetch(
            f"/{call}",
            method=method,
            query={"label": label, "n": n},
            headers={"Idempotency-Key": context.idempotency_key},
            cache_ttl=None if method == "POST" else 0,
        ).json()["value"]
    )


@pack.formula(attempts=10, timeout=4)
def read(context: Context, label: Label, n: Number) -> float:
    """Reads the square of a number, and one more."""
    return asked(context, "read", label, n)


@pack.formula(attempts=10, timeout=4)
def slow(context: Context, label: Label, n: Number) -> float:
    """Reads the same from an address that takes its time."""
    return asked(context, "slow", label, n)


@pack.formula(attempts=10, timeout=4)
def stamp(context: Context, label: Label) -> float:
    """Reads the number of its own request, which tells the attempts of a call apart."""
    return asked(context, "stamp", label, 0)


@pack.formula(attempts=10, timeout=4, cache_ttl=2)
def remember(context: Context, n: Number) -> float:
    """Reads the same for everybody, from the cache where it can: every two seconds one leads and others wait for it."""
    return asked(context, "remember", "", n)


@pack.formula(connection="none", attempts=10, timeout=10)
def reckon(context: Context, n: Number) -> float:
    """Gives what a read would, and asks nobody: quick, but for one in a hundred that takes longer than a heartbeat.

    As many fail, and are to be tried again.
    """
    dice = random.random()
    if dice < RARE:
        time.sleep(1.0)
    elif dice > 1 - RARE:
        raise StatusCodeError(Response(status=503), url="https://chaos.example/reckon")
    return n * n + 1


@pack.formula(is_action=True, timeout=15)
def act(context: Context, label: Label, n: Number) -> float:
    """Does what must be done once: the service takes no key."""
    return asked(context, "act", label, n, method="POST")
