"""What a running formula may use: every function of a pack gets one context as its first argument."""

from __future__ import annotations

import json as json_
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from urllib.parse import urlencode

from packsys.sdk.errors import FetchError, StatusCodeError
from packsys.sdk.http import Fetcher, Request, Response
from packsys.sdk.surroundings import BlobStorage, Cache, Clock, Location, NoBlobs, NoCache, Sync, SystemClock

if TYPE_CHECKING:
    from logging import Logger

Scalar: TypeAlias = str | int | float | bool | None
_Result = TypeVar("_Result")
_PASSING = (408, 425, 429, 500, 502, 503, 504)  # statuses of a service that may answer better in a moment


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """Says which formula of which release runs."""

    pack: str
    version: str
    formula: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """Is the world of one call.

    ``timezone`` is the IANA name of the job's zone, ``locale`` the language tag of its user (BCP 47). ``endpoint``
    is the connection's own base address, blank when it has none. ``idempotency_key`` is the same whenever the same
    call is tried again: pass it to a service that takes one. ``token`` is unlike that of any other call.
    """

    fetcher: Fetcher
    invocation: Invocation
    logger: Logger
    timezone: str = "UTC"
    endpoint: str = ""
    idempotency_key: str = ""
    locale: str = "en"
    location: Location = field(default_factory=Location)
    sync: Sync = field(default_factory=Sync)
    blobs: BlobStorage = field(default_factory=NoBlobs)
    cache: Cache = field(default_factory=NoCache)
    clock: Clock = field(default_factory=SystemClock)
    token: str = ""

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Scalar] | None = None,
        json: object = None,
        form: Mapping[str, Scalar] | None = None,
        body: bytes | str | None = None,
        authenticate: bool = True,
        follow: bool = True,
        cache_ttl: float | None = None,
    ) -> Response:
        """Asks the service and gives its answer.

        A relative ``url`` such as ``/user/repos`` is completed with the connection's endpoint, or else the pack's
        base URL. Blank entries of ``query`` and ``form`` are left out. ``json`` is sent as a JSON body, ``form`` as
        that of an HTML form. With ``authenticate=False`` the request is not signed with the account, with
        ``follow=False`` a redirect is handed back. ``cache_ttl`` is for how many seconds the answer to a GET may be
        kept, 0 for not at all; left out, the host decides. Raises
        :class:`packsys.sdk.StatusCodeError` for a status of 400 or more and :class:`packsys.sdk.FetchError` when
        there is no answer.
        """
        if sum(each is not None for each in (json, form, body)) > 1:
            raise ValueError("A request has one body: pass json=, form= or body=, and only one of them.")
        response = self.fetcher.fetch(
            Request(
                method=method.upper(),
                url=url,
                headers=_headers(headers or {}, json, form),
                query=_fields(query or {}),
                body=urlencode(_fields(form)).encode() if form is not None else _encoded(json, body),
                authenticate=authenticate,
                follow=follow,
                cache_ttl=cache_ttl,
            )
        )
        if response.status >= 400:
            raise StatusCodeError(response, method=method.upper(), url=url)
        return response

    def secret(self, field: str) -> str:
        """Gives the mark that stands for a field of the account, where the pack authenticates by ``Custom``.

        The host puts the value in its place on the way out: the pack never sees it.
        """
        return f"{{{{{field}-{self.token}}}}}"

    def sleep(self, seconds: float) -> None:
        """Waits; the time counts against the call's limit."""
        self.clock.sleep(seconds)

    def retry(self, work: Callable[[], _Result], *, attempts: int = 3, wait: float = 1.0) -> _Result:
        """Does some work again when the service is out of reach, overloaded or down; the last error is raised.

        It waits ``wait`` seconds, then twice as long each time, or as long as ``Retry-After`` says. The host
        repeats whole calls anyway: this is for one request of many in a call.
        """
        for attempt in range(attempts - 1):
            try:
                return work()
            except (FetchError, StatusCodeError) as error:
                if isinstance(error, StatusCodeError) and error.status not in _PASSING:
                    raise
                self.sleep(_asked_for(error) or wait * 2**attempt)
        return work()


def _asked_for(error: FetchError | StatusCodeError) -> float:
    said = error.response.headers.get("retry-after", "") if isinstance(error, StatusCodeError) else ""
    return float(said) if said.isdecimal() else 0.0


def _headers(given: Mapping[str, str], json: object, form: object) -> Mapping[str, str]:
    if (json is None and form is None) or any(name.lower() == "content-type" for name in given):
        return given
    return {**given, "Content-Type": "application/json" if form is None else "application/x-www-form-urlencoded"}


def _fields(given: Mapping[str, Scalar]) -> Mapping[str, str]:
    return {name: _written(value) for name, value in given.items() if value is not None}


def _written(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _encoded(json: object, body: bytes | str | None) -> bytes | None:
    if json is not None:
        return json_.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
    return body.encode() if isinstance(body, str) else body
