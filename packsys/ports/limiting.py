"""Sockets for waiting until a request may be sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from packsys.limits.advice import Advice
from packsys.limits.demand import Demand
from packsys.limits.verdict import Permit, Refusal
from packsys.ports.fetching import Response


class RateLimiter(Protocol):
    """Decides when a request may be sent, for all workers together. Lends slots, so that a dead worker's come back."""

    def take(self, demand: Demand, *, lease: float) -> Permit | Refusal:
        """Takes every permit and slot that a request needs, or none and says how long to wait, and why.

        In no window of any length are ever more permits taken than its limit. Slots are lent for ``lease`` seconds.
        """

    def give_back(self, demand: Demand, permit: Permit) -> None:
        """Frees the slots of a permit; what was sent stays counted."""

    def learn(self, demand: Demand, advice: Advice) -> None:
        """Holds requests of the demand's narrowest place back as the service says, in all workers at once."""


class Gate(Protocol):
    """Lets the requests of one call out, each in its time."""

    def carry(self, send: Callable[[float], Response], *, method: str, path: str, timeout: float) -> Response:
        """Waits for a permit, calls ``send`` with the seconds that are left of ``timeout``, and notes the answer.

        Raises :class:`~packsys.errors.LimitReached` where the wait is too long, and what ``send`` raises.
        """
