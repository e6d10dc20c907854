"""Carries the requests of packs: checks where they go, signs them, and hands back what came.

A pack reaches its declared domains over https, on the usual port, and the endpoint of the account, which is one
origin: scheme, host and port. The account's secret goes to the endpoint alone when there is one, and to the
declared domains when there is none. Redirects of GET and HEAD are followed as if the pack had asked for each
address itself; other answers that redirect are handed back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from packsys import __version__
from packsys.connections.credentials import sign
from packsys.connections.vault import Secret, Vault
from packsys.egress import headers, url
from packsys.egress.guard import EgressPolicy, Guard
from packsys.egress.transport import Transport
from packsys.egress.url import Url
from packsys.errors import ConnectionFault, ForbiddenRequest, NotConnected, UpstreamError
from packsys.model import Connection, ConnectionState, PackVersion
from packsys.ports import Request, Response

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_REDIRECTS = (301, 302, 303, 307, 308)
_SHORTEST_REDACTED = 8  # characters; a shorter secret may well be a word of the answer


class HttpEgress:
    """Is the way out over HTTP, for all packs and accounts of a process: :class:`~packsys.ports.Egress`.

    Connections are kept open and shared; make one after a process has forked.
    """

    def __init__(
        self,
        *,
        vault: Vault,
        policy: EgressPolicy | None = None,
        guard: Guard | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Opens nothing yet; ``monotonic`` is a clock in seconds. A guard given brings its own policy."""
        self._vault = vault
        self._guard = guard or Guard(policy or EgressPolicy())
        self._transport = Transport(self._guard, monotonic=monotonic)

    def open(self, pack: PackVersion, connection: Connection | None, *, token: str = "") -> PackFetcher:
        """Gives the fetcher of one call, with the account's secret opened for it.

        Raises :class:`~packsys.errors.ConnectionFault` for an account that is not active or not the pack's, and
        :class:`~packsys.errors.SealBroken`.
        """
        if connection is not None:
            _check_account(pack, connection)
        endpoint = connection.endpoint if connection is not None else ""
        return PackFetcher(
            pack=pack,
            policy=self._guard.policy,
            transport=self._transport,
            base=endpoint or pack.base_url,
            endpoint=url.parse(endpoint) if endpoint else None,
            secret=self._vault.open_connection(connection) if connection and pack.authentication else None,
        )

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._transport.close()


@dataclass(frozen=True, kw_only=True)
class PackFetcher:
    """Carries the requests of one call: :class:`~packsys.ports.Fetcher`."""

    pack: PackVersion
    policy: EgressPolicy
    transport: Transport
    base: str
    endpoint: Url | None
    secret: Secret | None

    def fetch(self, request: Request) -> Response:
        """Sends a request that the pack may send, and gives the answer without the secret in it."""
        self._check(request)
        asked = url.complete(request.url, self.base).asking(dict(request.query))
        for _ in range(self.policy.redirects + 1):
            response = self._send(request, asked)
            location = response.headers.get("location", "")
            if request.method not in ("GET", "HEAD") or response.status not in _REDIRECTS or not location:
                return self._redacted(response)
            asked = asked.follow(location)
        raise UpstreamError(f"{asked.host} redirects in circles: {self.policy.redirects} redirects are followed.")

    def _check(self, request: Request) -> None:
        if request.method not in METHODS:
            raise ForbiddenRequest(f"{request.method[:20]!r} is no method of a pack: use {', '.join(METHODS)}.")
        if len(request.body or b"") > self.policy.longest_request:
            most = self.policy.longest_request // 2**20
            raise ForbiddenRequest(f"The request's body is larger than {most} MB: send it in parts.")

    def _send(self, request: Request, asked: Url) -> Response:
        self._check_reach(asked)
        return self.transport.send(
            request.method,
            asked,
            headers={**_DEFAULTS, **headers.checked(request.headers, self._signature(asked))},
            body=request.body,
            timeout=request.timeout,
            longest=self.policy.longest_answer,
        )

    def _check_reach(self, asked: Url) -> None:
        if self._at_endpoint(asked) or (self._declared(asked) and asked.scheme == "https" and asked.port == 443):
            return
        if self._declared(asked):
            raise ForbiddenRequest(f"{self.pack.name} may reach {asked.host} over https on port 443 only.")
        known = ", ".join(self.pack.domains) or "none"
        raise ForbiddenRequest(f"{self.pack.name} may not reach {asked.host}: its domains are {known}.")

    def _at_endpoint(self, asked: Url) -> bool:
        return self.endpoint is not None and asked.origin == self.endpoint.origin

    def _declared(self, asked: Url) -> bool:
        return any(asked.within(domain) for domain in self.pack.domains)

    def _signature(self, asked: Url) -> Mapping[str, str]:
        trusted = self._at_endpoint(asked) if self.endpoint else self._declared(asked)
        return sign(self.pack.authentication, self.secret) if self.secret is not None and trusted else {}

    def _redacted(self, response: Response) -> Response:
        text = self.secret.reveal() if self.secret is not None else ""
        if len(text) < _SHORTEST_REDACTED:
            return response
        return replace(
            response,
            headers={name: value.replace(text, "***") for name, value in response.headers.items()},
            body=response.body.replace(text.encode(), b"***"),
        )


_DEFAULTS: Mapping[str, str] = {"User-Agent": f"packsys/{__version__}", "Accept-Encoding": "gzip, deflate"}


def _check_account(pack: PackVersion, connection: Connection) -> None:
    if connection.pack_id != pack.id:
        raise ConnectionFault(f"The account {connection.name!r} belongs to another pack than {pack.name}.")
    if connection.state is not ConnectionState.ACTIVE:
        raise NotConnected(f"The account {connection.name!r} is {connection.state}: connect it again.")
