"""Carries the house's own requests: for tokens, to addresses that are to be called back, for files."""

from __future__ import annotations

from collections.abc import Callable

from packsys.egress import headers, url
from packsys.egress.addresses import Networks
from packsys.egress.deadline import Deadline
from packsys.egress.decoding import ACCEPTED
from packsys.egress.guard import EgressPolicy
from packsys.egress.transport import Letter, Transport
from packsys.errors import ForbiddenRequest
from packsys.ports import Request, Response


class Courier:
    """Sends to any public host over https, and into allowed networks: :class:`~packsys.ports.Fetcher`.

    It signs nothing, follows no redirect and keeps no answer: a client's secret that was sent to one place is never
    sent on to another.
    """

    def __init__(
        self, transport: Transport, policy: EgressPolicy, networks: Networks, *, monotonic: Callable[[], float]
    ) -> None:
        """Takes what sends, and the private networks that may be reached."""
        self._transport, self._policy, self._networks, self._monotonic = transport, policy, networks, monotonic

    def fetch(self, request: Request) -> Response:
        """Sends a request; answers of any status are returned, and redirects too.

        Raises :class:`~packsys.errors.ForbiddenRequest` and :class:`~packsys.errors.UpstreamError`.
        """
        if request.method not in ("GET", "POST"):
            raise ForbiddenRequest(f"{request.method[:20]!r} is no method of the house.", reason="method")
        asked = url.parse(request.url).asking(dict(request.query))
        deadline = Deadline.after(min(self._policy.longest, request.timeout), asked.host, self._monotonic)
        given = {"Accept-Encoding": ACCEPTED, **headers.checked(request.headers, ())}
        letter = Letter(method=request.method, url=asked, headers=given, body=request.body)
        return self._transport.send(letter, networks=self._networks, deadline=deadline)
