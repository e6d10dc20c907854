"""Keeps answers to GET requests and asks services whether they are still the same.

No library is used: those for ``requests`` and ``httpx`` keep one cache for whoever asks, know answers by their
address, and carry requests themselves, past the guard. What is kept here belongs to one account in one version, one
pack version and one request to the letter, is sealed, and holds no secret, as secrets are taken out before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, dataclass, replace

from packsys.connections.envelope import Envelope
from packsys.egress.deadline import Deadline
from packsys.egress.fetcher import Journey, PackFetcher
from packsys.egress.flights import Flights
from packsys.egress.freshness import lifetime, validators
from packsys.ports import AnswerCache, Request, Response

STALE = 86_400.0
"""Seconds for which an answer that can be asked about is kept after it is stale."""

LONGEST = 7 * 86_400.0
"""Seconds for which any answer is kept."""

_OWN_CONDITIONS = frozenset(
    {"cache-control", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "range"}
)
_NOT_REFRESHED = frozenset({"content-length", "content-encoding", "content-range", "content-type"})


@dataclass(frozen=True, kw_only=True)
class Keeper:
    """Is what the keeping fetchers of a process share.

    ``longest`` is seconds to wait for an equal request, ``now`` tells seconds since 1970.
    """

    answers: AnswerCache
    envelope: Envelope
    flights: Flights
    longest: float
    now: Callable[[], float]
    monotonic: Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Account:
    """Says whose answers are kept: an account in one version of its secret, or a workspace's without any."""

    workspace: str
    connection: str
    endpoint: str
    version: int
    pack: tuple[int, str]


class KeepingFetcher:
    """Carries the requests of one call, and answers from what was kept where it can.

    A request that may change something makes the account's kept answers void, and those that are on their way.
    """

    def __init__(
        self, fetcher: PackFetcher, keeper: Keeper, account: Account, *, token: str = "", fresh: bool = False
    ) -> None:
        """Takes what carries the requests; with ``fresh`` no kept answer is used."""
        self._fetcher, self._keeper, self._token, self._fresh = fetcher, keeper, token, fresh
        self._identity = json.dumps(astuple(account))
        self._account = keeper.envelope.name("account", account.workspace, account.connection, str(account.pack[0]))

    def fetch(self, request: Request) -> Response:
        """Sends a request, or gives the answer that an equal one got."""
        if request.method not in ("GET", "HEAD"):
            return self._changing(request)
        if self._fresh or not _keepable(request):
            return self._fetcher.fetch(request)
        return self._read(request, self._name(request))

    def _changing(self, request: Request) -> Response:
        try:
            return self._fetcher.fetch(request)
        finally:
            self._keeper.answers.forget(self._account)

    def _read(self, request: Request, name: str) -> Response:
        found = self._keeper.answers.look(self._account, name)
        kept = self._opened(found.data, name)
        if kept is not None and kept.fresh(request.cache_ttl, self._keeper.now()):
            return kept.response
        seconds = min(self._keeper.longest, request.timeout)
        deadline = Deadline.after(seconds, "The service", self._keeper.monotonic)
        return self._keeper.flights.join(
            (self._account, name, found.generation),
            lambda: self._asked(request, kept, name, found.generation),
            deadline,
        )

    def _asked(self, request: Request, kept: Kept | None, name: str, generation: str) -> Response:
        conditions = kept.conditions if kept else {}
        journey = self._fetcher.travel(replace(request, headers={**request.headers, **conditions}))
        unchanged = bool(conditions) and journey.response.status == 304
        if unchanged and journey.redirected:  # somebody else says that what they never sent is still the same
            journey, unchanged = self._fetcher.travel(request), False
        answer = Kept.of(journey, self._keeper.now())
        if kept is not None and unchanged:
            answer = kept.refreshed(journey.response, self._keeper.now())
        self._keep(answer, request, name, generation)
        return answer.response

    def _keep(self, answer: Kept, request: Request, name: str, generation: str) -> None:
        ttl = answer.worth(request.cache_ttl)
        if ttl > 0:
            sealed = self._keeper.envelope.seal(answer.dumped(), name=name)
            self._keeper.answers.put(self._account, name, sealed, generation=generation, ttl=min(ttl, LONGEST))

    def _opened(self, data: bytes | None, name: str) -> Kept | None:
        opened = None if data is None else self._keeper.envelope.open(data, name=name)
        return None if opened is None else Kept.loaded(opened)

    def _name(self, request: Request) -> str:
        # All headers are part of it, so whatever an answer varies with is the same (RFC 9111, 4.1).
        said = [
            request.url,
            sorted(request.query.items()),
            sorted((name.lower(), value) for name, value in request.headers.items()),
            request.authenticate,
            request.follow,
        ]
        text = json.dumps(said)
        # The marks of places for secrets hold the call's own token, which would make every call another.
        return self._keeper.envelope.name(
            "answer", self._identity, text.replace(self._token, "") if self._token else text
        )


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Is an answer and when it came, in seconds since 1970."""

    response: Response
    received: float
    redirected: bool = False

    @classmethod
    def of(cls, journey: Journey, now: float) -> Kept:
        """Takes an answer as it came."""
        return cls(response=journey.response, received=now, redirected=journey.redirected)

    @classmethod
    def loaded(cls, data: bytes) -> Kept:
        """Reads what :meth:`dumped` wrote."""
        head, _, body = data.partition(b"\n")
        said = json.loads(head)
        response = Response(status=said["status"], headers=said["headers"], body=body)
        return cls(response=response, received=said["received"], redirected=said["redirected"])

    def dumped(self) -> bytes:
        """Writes the answer as bytes: a line of JSON, and the body."""
        said = {
            "status": self.response.status,
            "headers": dict(self.response.headers),
            "received": self.received,
            "redirected": self.redirected,
        }
        return json.dumps(said).encode() + b"\n" + self.response.body

    @property
    def conditions(self) -> Mapping[str, str]:
        """Gives the headers that ask whether it is still the same; none for one that a redirect led to."""
        return {} if self.redirected else validators(self.response.headers)

    def fresh(self, ttl: float | None, now: float) -> bool:
        """Tells whether it may be used without asking."""
        seconds = self._lifetime(ttl)
        return seconds is not None and 0 <= now - self.received < seconds

    def worth(self, ttl: float | None) -> float:
        """Gives for how many seconds it is worth keeping."""
        seconds = self._lifetime(ttl)
        if seconds is None:
            return 0.0
        return seconds + (STALE if self.conditions else 0.0)

    def refreshed(self, answer: Response, now: float) -> Kept:
        """Gives the same answer with what a 304 says anew (RFC 9111, 4.3.4)."""
        news = {name: value for name, value in answer.headers.items() if name not in _NOT_REFRESHED}
        return replace(self, response=replace(self.response, headers={**self.response.headers, **news}), received=now)

    def _lifetime(self, ttl: float | None) -> float | None:
        # What says how long an answer lives is about the address that gave it, not about one that led there.
        if self.redirected and ttl is None:
            return None
        return lifetime(self.response, ttl=ttl, received=self.received)


def _keepable(request: Request) -> bool:
    named = {name.lower() for name in request.headers}
    return request.method == "GET" and request.cache_ttl != 0 and not request.body and not named & _OWN_CONDITIONS
