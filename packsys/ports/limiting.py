"""Sockets for waiting until a request may be sent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from packsys.limits.advice import Advice
from packsys.limits.demand import Demand, Pool
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


@dataclass(frozen=True, kw_only=True)
class Admitted:
    """Tells whether a step has what it asked for, and the steps to wake: a slot is held for each of them."""

    granted: bool
    woken: tuple[tuple[str, str], ...] = ()


class CallSlots(Protocol):
    """Lends slots to calls, which are named by their steps' jobs and keys, and hands what is free to those who wait.

    All is lent or held for ``lease`` seconds, so that a dead worker's comes back. In no pool more is lent and held than
    its limit. Where the slots cannot be reached every call may run.
    """

    def take(self, step: tuple[str, str], pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Takes a slot in each pool, or none; a step that has them keeps them for ``lease`` more seconds.

        Nobody overtakes who waits: they are handed what is free before.
        """

    def wait(self, step: tuple[str, str], pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Notes that a step waits; granted where there is room by now, which is held for it."""

    def free(self, step: tuple[str, str], pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Gives a step's slots to those who wait."""

    def decline(self, step: tuple[str, str], pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Gives what is held for a step that does not come to those who wait; what it has taken it keeps."""


class Gate(Protocol):
    """Lets the requests of one call out, each in its time."""

    def carry(self, send: Callable[[float], Response], *, method: str, path: str, timeout: float) -> Response:
        """Waits for a permit, calls ``send`` with the seconds that are left of ``timeout``, and notes the answer.

        Raises :class:`~packsys.errors.LimitReached` where the wait is too long, and what ``send`` raises.
        """
