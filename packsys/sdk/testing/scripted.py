"""Answers requests by a script."""

from __future__ import annotations

import json as json_
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from packsys.sdk.http import Request, Response


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """Is one request that a test expects, and the answer that it gives to it.

    Of ``query``, ``headers`` and ``body`` only what is given is compared; header names in any case.
    """

    url: str
    response: Response
    method: str = "GET"
    query: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    body: bytes | None = None

    def difference(self, request: Request) -> str:
        """Says how a request is not the expected one; blank when it is."""
        sent = {name.lower(): value for name, value in request.headers.items()}
        wanted = {name.lower(): value for name, value in (self.headers or {}).items()}
        pairs = {
            "method": (self.method, request.method),
            "url": (self.url, request.url),
            "query": (self.query, request.query if self.query is not None else None),
            "headers": (wanted, {name: sent.get(name) for name in wanted}),
            "body": (self.body, request.body if self.body is not None else None),
        }
        return "; ".join(f"its {what} is {got!r}, not {want!r}" for what, (want, got) in pairs.items() if want != got)


class ScriptedFetcher:
    """Answers the requests that a test declared, in that order, and fails the test on any other.

    ``requests`` keeps what was asked. :meth:`finish` fails when a declared request was never made; as a context
    manager the fetcher does that by itself.
    """

    def __init__(self) -> None:
        """Begins with nothing declared: every request fails the test."""
        self.requests: list[Request] = []
        self._script: deque[Expectation] = deque()

    def answer(
        self,
        url: str,
        *,
        method: str = "GET",
        query: Mapping[str, str] | None = None,
        request_headers: Mapping[str, str] | None = None,
        request_body: bytes | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        body: bytes = b"",
    ) -> ScriptedFetcher:
        """Declares the next request and its answer; gives the fetcher back, so that declarations chain."""
        sent = json_.dumps(json).encode() if json is not None else body
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        self._script.append(
            Expectation(
                url=url,
                response=Response(status=status, headers=lower, body=sent),
                method=method,
                query=query,
                headers=request_headers,
                body=request_body,
            )
        )
        return self

    def fetch(self, request: Request) -> Response:
        """Gives the declared answer; raises :class:`AssertionError` with what was expected instead."""
        self.requests.append(request)
        if not self._script:
            raise AssertionError(f"Unexpected request: {request.method} {request.url}; no more was declared.")
        expected = self._script.popleft()
        if wrong := expected.difference(request):
            raise AssertionError(f"Unexpected request: {request.method} {request.url}: {wrong}.")
        return expected.response

    def finish(self) -> None:
        """Raises :class:`AssertionError` when declared requests are left over."""
        if self._script:
            raise AssertionError(f"Never requested: {', '.join(f'{e.method} {e.url}' for e in self._script)}.")

    def __enter__(self) -> ScriptedFetcher:
        """Begins the block at whose end all declared requests must have been made."""
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Checks that nothing is left over, unless the block failed anyway."""
        if kind is None:
            self.finish()
