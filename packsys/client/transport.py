"""Asks the HTTP service, and asks again where time may help."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx
from httpx_sse import connect_sse

from packsys.client.errors import Refused, Unreachable

View: TypeAlias = Mapping[str, Any]
"""Is what the service says of a thing, as JSON; GET /openapi.json describes it."""

LONGEST_WAIT = 30.0
"""Seconds that one request waits on the service, which takes no more."""

BUSY = (429, 502, 503, 504)

_SLACK = httpx.Timeout(10.0, read=LONGEST_WAIT + 15.0)  # above the silence between two keep-alives, too
_NO_ANSWER = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)


class Transport:
    """Sends requests with one key, for as many threads as like; its methods raise Refused and Unreachable.

    What gets no answer, or that of a busy service, is sent again for ``patience`` seconds: every request of this client
    may be repeated.
    """

    def __init__(self, url: str, key: str, *, patience: float, sleep: Callable[[float], None]) -> None:
        """Takes the address of the service and an API key; raises ValueError when the address is none."""
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is not the address of a service: it begins with http:// or https://.")
        self._url, self._seconds, self._sleep = url, patience, sleep
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=_SLACK)

    def close(self) -> None:
        """Closes the connections to the service."""
        self.http.close()

    def view(self, method: str, path: str, **options: Any) -> View:
        """Gives what the service answers with one thing; ``options`` are those of httpx."""
        answer: View = self._patiently(method, path, **options)
        return answer

    def views(self, path: str, **query: Any) -> Sequence[View]:
        """Gives what the service lists."""
        answer: Sequence[View] = self._patiently("GET", path, params=query)
        return answer

    def once(self, path: str) -> None:
        """Asks for a page that is for people, and asks once."""
        try:
            response = self.http.get(path)
        except _NO_ANSWER as error:
            raise self._unreachable(error) from error
        if response.is_error:
            _answer(response)

    def follow(self, path: str, after: int) -> Iterator[View]:
        """Gives the events of a stream until there is nothing more; one that breaks off is taken up again."""
        patience = self._patience()
        while True:
            try:
                for event in self._stream(path, after):
                    yield event
                    after, patience = event["number"], self._patience()
                patience.bear(Unreachable("The stream of events broke off."))
            except _NO_ANSWER as error:
                patience.bear(self._unreachable(error))
            except _NothingMore:
                return
            except Refused as refused:
                patience.bear(refused)

    def _patiently(self, method: str, path: str, **options: Any) -> Any:
        patience = self._patience()
        while True:
            try:
                return _answer(self.http.request(method, path, **options))
            except _NO_ANSWER as error:
                patience.bear(self._unreachable(error))
            except Refused as refused:
                patience.bear(refused)

    def _stream(self, path: str, after: int) -> Iterator[View]:
        headers = {"Last-Event-ID": str(after)}
        with connect_sse(self.http, "GET", path, headers=headers) as source:
            if source.response.status_code == 204:
                raise _NothingMore
            if source.response.is_error:
                source.response.read()
                _answer(source.response)
            for sent in source.iter_sse():
                if sent.data:  # httpx-sse gives out the blank line behind a comment that keeps the stream open, too
                    yield json.loads(sent.data)

    def _patience(self) -> _Patience:
        return _Patience(time.monotonic() + self._seconds, self._sleep)

    def _unreachable(self, error: Exception) -> Unreachable:
        return Unreachable(f"The service at {self._url} does not answer: {str(error) or type(error).__name__}.")


class _NothingMore(Exception):
    """Says that what was followed has ended, and all its events are known."""


@dataclass
class _Patience:
    """Bears trouble until a point in time, with growing pauses (exponential with full jitter)."""

    until: float
    sleep: Callable[[float], None]
    pause: float = 0.1

    def bear(self, trouble: Refused | Unreachable) -> None:
        """Sleeps where time may help; raises the trouble where it does not, or no more."""
        if isinstance(trouble, Refused) and trouble.status not in BUSY:
            raise trouble
        pause = trouble.retry_after or random.uniform(self.pause / 2, self.pause)
        if time.monotonic() + pause > self.until:
            raise trouble
        self.sleep(pause)
        self.pause = min(5.0, self.pause * 2)


def _answer(response: httpx.Response) -> Any:
    try:
        document = response.json()
    except ValueError:
        document = None
    if response.is_success and document is not None:
        return document
    problem = document if isinstance(document, dict) else {"detail": f"No packsys answers at {response.url}."}
    raise Refused({"status": response.status_code, **_retry_after(response), **problem})


def _retry_after(response: httpx.Response) -> dict[str, float]:
    seconds = response.headers.get("Retry-After", "")
    return {"retry_after": float(seconds)} if seconds.isdecimal() else {}
