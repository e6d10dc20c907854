"""Carries the requests of packs: checks where they go, signs them, and hands back what came.

A pack reaches its declared domains over https, on the usual port, and the endpoint of the account, which is one
origin: scheme, host and port. The account's secret goes to the endpoint alone when there is one, and else to the
domain that it is for. Redirects are followed as if the pack had asked for each address itself: each is checked, and
signed or not, on its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from packsys import __version__
from packsys.connections.credential import Credential, Credentials, Outgoing
from packsys.egress import headers, url
from packsys.egress.addresses import Networks
from packsys.egress.deadline import Deadline
from packsys.egress.decoding import ACCEPTED
from packsys.egress.guard import EgressPolicy
from packsys.egress.reach import Reach
from packsys.egress.redaction import Redaction
from packsys.egress.redirects import next_letter
from packsys.egress.scopes import missing_scopes
from packsys.egress.transport import Letter, Transport
from packsys.egress.turns import Turns
from packsys.errors import ConnectionFault, ForbiddenRequest, NotReady, PacksysError, UpstreamError
from packsys.model import Connection, PackVersion
from packsys.ports import Gate, Request, Response
from packsys.runtime.patience import patiently

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_DEFAULTS: Mapping[str, str] = {"User-Agent": f"packsys/{__version__}", "Accept-Encoding": ACCEPTED}


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """Is what the fetchers of a process share."""

    transport: Transport
    credentials: Credentials
    policy: EgressPolicy
    turns: Turns
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True, kw_only=True)
class _Terms:
    """Is what holds for all hops; after ``first`` was refused and renewed, no credential is renewed again."""

    authenticate: bool
    follow: bool
    deadline: Deadline
    first: Credential | None


@dataclass(frozen=True, kw_only=True)
class Journey:
    """Is the answer to a request, and whether it came from where the pack had asked or by a redirect."""

    response: Response
    redirected: bool


class PackFetcher:
    """Carries the requests of one call: :class:`~packsys.ports.Fetcher`."""

    def __init__(
        self,
        carrier: Carrier,
        *,
        pack: PackVersion,
        connection: Connection | None,
        credential: Credential | None,
        workspace: str,
        token: str = "",
        gate: Gate | None = None,
    ) -> None:
        """Takes what is shared, whose requests these are, and the gate that each waits at before it leaves."""
        self._carrier, self._pack, self._connection, self._token = carrier, pack, connection, token
        self._credential = credential
        self._redaction = Redaction(frozenset(credential.redactions if credential else ()))
        self._reach = Reach.of(pack, connection)
        self._base = (connection.endpoint if connection else "") or pack.base_url
        self._workspace, self._gate = workspace, gate
        self._networks: Networks = carrier.policy.networks_of(workspace)

    def fetch(self, request: Request) -> Response:
        """Sends a request that the pack may send, and gives the answer without the secret in it."""
        return self.travel(request).response

    def travel(self, request: Request) -> Journey:
        """Does what :meth:`fetch` does, and tells whether there was a redirect."""
        try:
            journey = self._travel(request)
        except PacksysError as error:
            raise self._redaction.error(error) from None
        return replace(journey, response=self._redaction.response(journey.response))

    def _travel(self, request: Request) -> Journey:
        letter = self._letter(request)
        seconds = min(self._carrier.policy.longest, request.timeout)  # in this order no NaN gets through
        deadline = Deadline.after(seconds, letter.url.host, self._carrier.monotonic)
        terms = _Terms(
            authenticate=request.authenticate, follow=request.follow, deadline=deadline, first=self._credential
        )
        with self._carrier.turns.of((self._workspace, self._pack.id), deadline):
            return self._followed(letter, terms)

    def _followed(self, first: Letter, terms: _Terms) -> Journey:
        letter = first
        for hop in range(self._carrier.policy.redirects + 1):
            response = self._sent(letter, terms)
            moved = next_letter(letter, response) if terms.follow else None
            if moved is None:
                return Journey(response=response, redirected=hop > 0)
            letter = self._allowed(self._without_secrets(moved))
        raise UpstreamError(
            f"{first.url.host} redirects in circles: {self._carrier.policy.redirects} redirects are followed.",
            reason="too_many_redirects",
        )

    def _letter(self, request: Request) -> Letter:
        if request.method not in METHODS:
            raise ForbiddenRequest(
                f"{request.method[:20]!r} is no method of a pack: use {', '.join(METHODS)}.", reason="method"
            )
        most = self._carrier.policy.longest_request
        if len(request.body or b"") > most:
            raise ForbiddenRequest(
                f"The request's body is larger than {most // 2**20} MB: send it in parts.", reason="size"
            )
        taken = self._credential.headers if self._credential and request.authenticate else ()
        asked = url.complete(request.url, self._base).asking(dict(request.query))
        given = headers.checked(request.headers, taken)
        return self._allowed(Letter(method=request.method, url=asked, headers=given, body=request.body))

    def _allowed(self, letter: Letter) -> Letter:
        self._reach.check(letter.url)
        return letter

    def _without_secrets(self, letter: Letter) -> Letter:
        """Takes out of a redirect's address what the last signature had put there: the next hop decides anew."""
        redaction = self._redaction
        query = "&".join(part for part in letter.url.query.split("&") if not redaction.finds(part))
        if redaction.finds(letter.url.path) and not self._reach.trusts(letter.url):
            raise ForbiddenRequest(f"{letter.url.host} is not to know the account's secret.", reason="secret")
        return replace(letter, url=replace(letter.url, query=query))

    def _sent(self, letter: Letter, terms: _Terms) -> Response:
        deadline = replace(terms.deadline, host=letter.url.host)
        credential = self._credential if terms.authenticate and self._reach.trusts(letter.url) else None
        if credential is None or self._connection is None:
            return self._carried(letter, deadline)
        # What a gate counts by is the path as the pack wrote it, without the secrets that may be put there.
        response = self._carried(_signed(letter, credential), deadline, path=letter.url.path)
        if response.status == 401 and credential is terms.first:
            newer = self._renewed(self._connection, credential, deadline)
            response = self._carried(_signed(letter, newer), deadline, path=letter.url.path) if newer else response
        shown = self._redaction.response(response) if response.status == 403 else response
        if lacking := missing_scopes(shown, host=letter.url.host, account=self._connection.name):
            raise lacking
        return response

    def _carried(self, letter: Letter, deadline: Deadline, *, path: str = "") -> Response:
        named = {name.lower() for name in letter.headers}
        added = {name: value for name, value in _DEFAULTS.items() if name.lower() not in named}
        whole = replace(letter, headers={**added, **letter.headers})

        def send(_: float) -> Response:
            return self._carrier.transport.send(whole, networks=self._networks, deadline=deadline)

        if self._gate is None:
            return send(deadline.left())
        return self._gate.carry(send, method=letter.method, path=path or letter.url.path, timeout=deadline.left())

    def _renewed(self, connection: Connection, used: Credential, deadline: Deadline) -> Credential | None:
        renew = partial(self._carrier.credentials.renew, self._pack, connection, used, token=self._token)
        try:
            # What was refused did nothing, so that it may be sent again as soon as our own servers are back.
            newer = patiently(renew, seconds=deadline.left(), pause=0.2)
        except ConnectionFault:
            return None  # there is none to be had, so the refusal is the answer
        except NotReady as error:
            raise UpstreamError(
                f"{self._pack.name} refused the account's token, and a server of packsys that knows a newer one does "
                "not answer: try again.",
                retry_after=error.retry_after,
            ) from error
        self._credential = newer
        self._redaction = Redaction(frozenset((*self._redaction.texts, *newer.redactions)))
        return newer


def _signed(letter: Letter, credential: Credential) -> Letter:
    """Gives the letter with what proves who asks; a credential cannot send it elsewhere."""
    outgoing = credential.sign(
        Outgoing(method=letter.method, url=str(letter.url), headers=letter.headers, body=letter.body)
    )
    try:
        asked = url.parse(outgoing.url)
    except ForbiddenRequest as refusal:  # its sentence shows a part of the address, and so perhaps of the secret
        raise ForbiddenRequest("The secret cannot be put into this address.", reason=refusal.reason) from None
    if asked.origin != letter.url.origin or outgoing.method != letter.method:
        raise ForbiddenRequest("A secret cannot change where a request goes.", reason="undeclared")
    return replace(letter, url=asked, headers=headers.signed(outgoing.headers, letter.url.host), body=outgoing.body)
