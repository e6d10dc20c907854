"""Lets the requests of a call out in their time, and listens to what the service says about its limits."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from packsys.errors import LimitReached
from packsys.limits import advice
from packsys.limits.demand import Asker, Demand, demand
from packsys.limits.policy import Policy, Rules
from packsys.limits.verdict import Permit, Refusal
from packsys.model import Connection, PackVersion
from packsys.ports import RateLimiter, Response

NAP = 1.0
"""Seconds for which a call that has sent nothing yet waits in a worker. One that must wait longer is parked."""

SLACK = 0.025
"""Part by which a window is counted as longer, because requests are not all equally long on their way."""

SPARE = 5.0
"""Seconds for which a slot is lent beyond the time that its request has."""


@dataclass(frozen=True, kw_only=True)
class Permits:
    """Opens a gate for each call. ``now`` is in seconds since 1970, ``monotonic`` and ``sleep`` in seconds.

    ``waited`` is told the seconds that a request waited here for a permit, ``called`` the pack, the class of the status
    (``2xx``, or ``none`` without an answer) and the seconds of each request that left.
    """

    limiter: RateLimiter
    rules: Rules = field(default_factory=Rules)
    slack: float = SLACK
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    waited: Callable[[float], None] = lambda seconds: None
    called: Callable[[str, str, float], None] = lambda pack, status, seconds: None

    def gate(
        self, pack: PackVersion, connection: Connection | None, *, workspace: str = "", formula: str = ""
    ) -> CallGate:
        """Gives the gate of one call; without a connection all calls of a workspace to the pack are counted as one.

        The limit that a ``formula`` declares for itself holds besides those of its pack.
        """
        asker = Asker(
            pack=pack.id,
            workspace=connection.workspace if connection else workspace,
            connection=connection.id if connection else "",
        )
        own = pack.formulas[formula].rate_limits if formula in pack.formulas else ()
        policies = self.rules.for_pack(pack.id, pack.rate_limits, besides=own)
        return CallGate(permits=self, service=pack.name, asker=asker, policies=tuple(policies))


class CallGate:
    """Lets the requests of one call out: :class:`~packsys.ports.Gate`.

    Permits are taken for each request that leaves, because that is what the service counts: an answer that was kept
    costs none. As long as a call has sent nothing it can be put off at no cost, so it waits a moment only. Later it may
    wait as long as it has time: to begin again would take the permits of its first requests a second time.
    """

    def __init__(self, *, permits: Permits, service: str, asker: Asker, policies: tuple[Policy, ...]) -> None:
        """Takes whose requests these are and what limits them; nothing is sent yet."""
        self._permits, self._service, self._asker, self._policies = permits, service, asker, policies
        self._sent = False

    def carry(self, send: Callable[[float], Response], *, method: str, path: str, timeout: float) -> Response:
        """Waits for a permit, calls ``send`` with the seconds that are left of ``timeout``, and notes the answer.

        Raises :class:`~packsys.errors.LimitReached` where the wait is too long, and what ``send`` raises.
        """
        until = self._permits.monotonic() + timeout
        wanted = demand(self._asker, self._policies, method=method, path=path, slack=self._permits.slack)
        permit = self._permit(wanted, until)
        self._sent = True
        began, status = self._permits.monotonic(), "none"
        try:
            response = send(until - began)
            status = f"{response.status // 100}xx"
        finally:
            self._permits.called(self._service, status, self._permits.monotonic() - began)
            self._permits.limiter.give_back(wanted, permit)
        self._permits.limiter.learn(wanted, advice.read(response.status, response.headers, now=self._permits.now))
        return response

    def _permit(self, wanted: Demand, until: float) -> Permit:
        patience = until if self._sent else min(until, self._permits.monotonic() + NAP)
        while True:
            now = self._permits.monotonic()
            answer = self._permits.limiter.take(wanted, lease=until - now + SPARE)
            if isinstance(answer, Permit):
                return answer
            if now + answer.seconds >= patience:
                raise self._too_late(answer)
            self._permits.sleep(answer.seconds)
            self._permits.waited(answer.seconds)

    def _too_late(self, answer: Refusal) -> LimitReached:
        wait = max(answer.turn, answer.seconds)
        return LimitReached(answer.sentence(self._service), retry_after=wait, untouched=not self._sent)
