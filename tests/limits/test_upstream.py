"""The limiter is judged by the service's own log: when requests arrive there, whoever sent them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from benchmarks.upstream import Hammer, Upstream, beyond, hammer, most_within
from packsys.limits.policy import Policy, Rate

POLICIES: list[tuple[Sequence[Policy], int, int]] = [
    ((Rate(limit=100, window=1.0),), 8, 200),
    ((Rate(limit=100, window=1.0), Rate(limit=30, window=0.5)), 4, 120),
]


@pytest.mark.slow
@pytest.mark.parametrize(("policies", "processes", "allowed"), POLICIES)
def test_no_window_that_the_service_sees_is_exceeded_and_nearly_all_of_it_is_used(
    state_url: str, policies: Sequence[Policy], processes: int, allowed: int
) -> None:
    """The long form, ten seconds, is ``make bench-limiter``."""
    with Upstream() as service:
        hammer(
            Hammer(state_url=state_url, port=service.port, pack=7_000_000 + processes, policies=policies, seconds=2.0),
            processes=processes,
        )
        arrivals = tuple(service.arrivals)
    for rate in policies:
        assert isinstance(rate, Rate)
        assert beyond(arrivals, limit=rate.limit, window=rate.window) == 0
        assert most_within(arrivals, rate.window) <= rate.limit
    assert len(arrivals) >= 0.97 * allowed
