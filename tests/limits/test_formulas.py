"""The limit that a formula declares for itself, from the manifest to the service's own log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated
from uuid import uuid4

from packsys.catalog.manifest import describe, release
from packsys.egress.guard import EgressPolicy
from packsys.egress.http import HttpEgress
from packsys.errors import LimitReached
from packsys.kvstore.limiter import RedisLimiter
from packsys.limits.policy import Rate
from packsys.memory import MemoryLimiter
from packsys.model import Connection
from packsys.ports import Request
from packsys.runtime.permits import Permits
from packsys.sdk import Context, HeaderBearerToken, Pack, RateLimit
from tests.egress.recorded import Tokens
from tests.egress.service import OK, Service
from tests.egress.world import HERE

pack = Pack(
    id=7_100_001,
    name="Limited",
    version="1.0.0",
    description="For a test.",
    domains=["a.example"],
    authentication=HeaderBearerToken(),
    rate_limits=[RateLimit(requests=5, seconds=600)],
)


@pack.formula(rate_limit=RateLimit(requests=2, seconds=600))
def search(context: Context, words: Annotated[str, "Which."]) -> str:
    """Looks for words."""
    return context.fetch("/search").text


@pack.formula()
def read(context: Context, name: Annotated[str, "Which."]) -> str:
    """Reads something."""
    return context.fetch("/read").text


def test_a_manifest_carries_the_limit_of_a_formula() -> None:
    found = release(describe(pack)).formulas
    assert found["Search"].rate_limits == (Rate(limit=2, window=600, formula="Search"),)
    assert found["Read"].rate_limits == ()


def test_the_service_sees_no_more_of_a_formula_than_it_declares_and_of_all_no_more_than_their_pack(
    state_url: str,
) -> None:
    with Service({"/search": OK, "/read": OK}) as service:
        call = _caller(service, state_url)
        assert [call("mine", "Search", 9), call("mine", "Read", 9), call("yours", "Search", 9)] == [2, 3, 2]
        assert Counter(each.path for each in service.arrived) == {"/search": 4, "/read": 3}


def _caller(service: Service, state_url: str) -> Callable[[str, str, int], int]:
    """Gives what calls a formula with an account so often, and counts the calls that were let out."""
    released, unlike = release(describe(pack)), uuid4().hex
    egress = HttpEgress(
        credentials=Tokens(["fake-token"]),
        policy=EgressPolicy(allowed_networks=HERE),
        gates=Permits(limiter=RedisLimiter.at(state_url, alone=MemoryLimiter())),
    )

    def call(account: str, formula: str, times: int) -> int:
        endpoint = f"http://127.0.0.1:{service.port}"
        connection = Connection(
            id=account + unlike, workspace="w", pack_id=pack.id, name=account, sealed=b"", endpoint=endpoint
        )
        sent = 0
        for _ in range(times):
            with suppress(LimitReached):
                egress.open(released, connection, formula=formula).fetch(Request(url=f"/{formula.lower()}"))
                sent += 1
        return sent

    return call
