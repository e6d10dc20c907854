"""Sets up the ways out: to services, to their token endpoints, and to callbacks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from packsys.adapters.clock import new_id, now
from packsys.connections.credential import Credentials
from packsys.connections.mint import Mint
from packsys.connections.vault import Vault
from packsys.connections.vaulted import VaultCredentials
from packsys.limits.written import rules
from packsys.metrics.declared import RATE_LIMIT_WAIT_SECONDS, RATE_LIMIT_WAITS
from packsys.metrics.measure import Measure
from packsys.metrics.process import ProcessFigures
from packsys.ports import ConnectionStore, Egress, Fetcher, OAuthStore
from packsys.runtime.permits import Permits
from packsys.runtime.refresh import Refresh
from packsys.settings import Settings
from packsys.telemetry import Hidden

if TYPE_CHECKING:
    from packsys.egress.http import HttpEgress

LONGEST_ANSWER = 2**20
"""Bytes of the answer of a callback, which are thrown away."""


def ways_out(
    settings: Settings,
    connections: ConnectionStore,
    oauth: OAuthStore,
    vault: Vault,
    hidden: Hidden,
    *,
    gates: Permits,
) -> tuple[Mint, HttpEgress]:
    """Sets up what gets tokens and what uses them: each needs the other, tokens being fetched on the same way out."""
    mint = Mint(couriers=lambda workspace: egress.courier(workspace=workspace), now=now)
    refresh = Refresh(
        connections=connections, oauth=oauth, vault=vault, mint=mint, now=now, random=random.random, new_owner=new_id
    )
    egress = _egress(settings, VaultCredentials(vault, connections, refresh, opened=hidden.add), gates)
    return mint, egress


def _egress(settings: Settings, credentials: Credentials, gates: Permits) -> HttpEgress:
    from packsys.connections.envelope import Envelope
    from packsys.egress.guard import EgressPolicy
    from packsys.egress.http import HttpEgress
    from packsys.kvstore.answers import RedisAnswers

    return HttpEgress(
        credentials=credentials,
        policy=EgressPolicy(allowed_networks=settings.allowed_networks, servers=settings.servers),
        answers=RedisAnswers.at(settings.cache_url),
        envelope=Envelope(next(iter(settings.vault_keys.values())), purpose="answers.1"),
        gates=gates,
    )


def callback_couriers(settings: Settings) -> Callable[[str], Fetcher]:
    """Opens the way out to callbacks, for each workspace: nobody reads their answers, so they may not be long."""
    from packsys.egress.courier import Courier
    from packsys.egress.guard import EgressPolicy, Guard
    from packsys.egress.transport import Transport

    policy = EgressPolicy(
        allowed_networks=settings.allowed_networks, servers=settings.servers, longest_answer=LONGEST_ANSWER
    )
    transport = Transport(Guard(policy))
    return lambda workspace: Courier(transport, policy, policy.networks_of(workspace), monotonic=time.monotonic)


def permits(settings: Settings) -> Permits:
    """Lets requests to services out as their limits allow, those of all workers together.

    Raises WrongSetUp for limits that make no sense.
    """
    from packsys.kvstore.limiter import RedisLimiter
    from packsys.memory import MemoryLimiter

    limiter = RedisLimiter.at(settings.state_url, alone=MemoryLimiter())
    return Permits(limiter=limiter, rules=rules(settings.rate_limits))


def watched(gates: Permits, measure: Measure, figures: ProcessFigures) -> Permits:
    """Tells what requests wait, and what they take."""

    def waited(seconds: float) -> None:
        measure.count(RATE_LIMIT_WAITS)
        measure.count(RATE_LIMIT_WAIT_SECONDS, by=seconds)

    return replace(gates, waited=waited, called=figures.called)


def bench_egress(credentials: Credentials, allowed_networks: tuple[str, ...]) -> Egress:
    """Opens the way out for a pack on a maker's bench: the same checks, but no limits and nothing kept."""
    from packsys.egress.guard import EgressPolicy
    from packsys.egress.http import HttpEgress

    return HttpEgress(credentials=credentials, policy=EgressPolicy(allowed_networks=allowed_networks))
