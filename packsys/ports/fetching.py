"""Sockets for the way out: requests, answers, and answers that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from packsys.model import Connection, PackVersion


@dataclass(frozen=True, kw_only=True)
class Request:
    """Is one HTTP request that pack code asks for; a relative ``url`` is completed by the host.

    ``timeout`` is seconds. ``authenticate`` says whether it is signed with the account, ``follow`` whether redirects
    are followed or handed back. ``cache_ttl`` is for how many seconds its answer may be kept: None leaves it to the
    host, 0 forbids it.
    """

    method: str = "GET"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float = 30.0
    authenticate: bool = True
    follow: bool = True
    cache_ttl: float | None = None


@dataclass(frozen=True, kw_only=True)
class Response:
    """Is what came back: header names in lower case, the body decoded from its transfer encoding."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetcher(Protocol):
    """Carries the requests of one call, signed by the host."""

    def fetch(self, request: Request) -> Response:
        """Sends a request that the pack may send.

        Raises :class:`~packsys.errors.ForbiddenRequest` and :class:`~packsys.errors.UpstreamError` (no answer).
        Answers of any status are returned.
        """


class Egress(Protocol):
    """Opens the way out for one call."""

    def open(
        self,
        pack: PackVersion,
        connection: Connection | None,
        *,
        token: str = "",
        workspace: str = "",
        fresh: bool = False,
        formula: str = "",
    ) -> Fetcher:
        """Gives the fetcher of one pack release and, where there is one, one account.

        ``token`` is the call's own: it marks where fields of the account are to be put. ``workspace`` is whose call
        it is, where there is no account to tell. With ``fresh`` no kept answer is used. ``formula`` names the formula
        that is called, where it is one: it may have a rate limit of its own.
        """


@dataclass(frozen=True, kw_only=True)
class Found:
    """Is what a look for an answer found: its bytes, or None, and the account's generation at that moment."""

    generation: str
    data: bytes | None


class AnswerCache(Protocol):
    """Keeps answers of services for a while; may forget at any moment. It cannot read what it keeps."""

    def look(self, account: str, name: str) -> Found:
        """Finds the newest answer that was kept under a name since the account was last forgotten."""

    def put(self, account: str, name: str, data: bytes, *, generation: str, ttl: float) -> None:
        """Keeps an answer for ``ttl`` seconds, if it can, and if the generation is still the account's."""

    def forget(self, account: str) -> None:
        """Forgets all of an account's answers, those too that are on their way, by a new generation."""
