"""Sends requests over guarded connections and reads answers up to a limit."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import BaseHTTPResponse

from packsys.egress.guard import Guard
from packsys.egress.url import Url
from packsys.errors import UpstreamError
from packsys.ports import Response

_CHUNK = 64 * 2**10
_ENCODINGS = ("", "identity", "gzip", "deflate")
_CONNECTIONS = 32  # kept open, for each origin


class _PlainConnection(HTTPConnection):
    def __init__(self, *args: Any, guard: Guard, **options: Any) -> None:
        super().__init__(*args, **options)
        self._guard = guard

    def _new_conn(self) -> socket.socket:
        return self._guard.connect(self.host, self.port, timeout=self.timeout, encrypted=False)


class _EncryptedConnection(HTTPSConnection):
    def __init__(self, *args: Any, guard: Guard, **options: Any) -> None:
        super().__init__(*args, **options)
        self._guard = guard

    def _new_conn(self) -> socket.socket:
        return self._guard.connect(self.host, self.port, timeout=self.timeout, encrypted=True)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _EncryptedConnection


class _GuardedAdapter(HTTPAdapter):
    """Makes connections by the guard alone; the certificate is checked against the name, not the address."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__(max_retries=0, pool_maxsize=_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": partial(_PlainPool, guard=self._guard),
            "https": partial(_EncryptedPool, guard=self._guard),
        }


class Transport:
    """Sends one request at a time per caller over connections that all callers share.

    The environment's proxies, its certificates and its netrc are not used, no cookie is kept and no redirect
    followed. ``monotonic`` is a clock in seconds.
    """

    def __init__(self, guard: Guard, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Opens nothing yet."""
        self._monotonic = monotonic
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = guard.policy.certificates or True
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _GuardedAdapter(guard))

    def send(
        self, method: str, url: Url, *, headers: Mapping[str, str], body: bytes | None, timeout: float, longest: int
    ) -> Response:
        """Gives an answer of ``longest`` bytes at most within ``timeout`` seconds.

        Raises :class:`~packsys.errors.UpstreamError` with a sentence that holds nothing of the request but its
        host, and what the guard raises.
        """
        until = _Limit(url.host, self._monotonic, self._monotonic() + timeout, timeout, longest)
        request = requests.Request(method, str(url), headers=dict(headers), data=body)
        try:
            with self._session.send(
                self._session.prepare_request(request), stream=True, timeout=timeout, allow_redirects=False
            ) as answer:
                return Response(status=answer.status_code, headers=_headers(answer), body=until.read(answer.raw))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise UpstreamError(f"{url.host} did not answer: {_reason(error, timeout)}.") from None

    def close(self) -> None:
        """Closes the connections that are kept open."""
        self._session.close()


@dataclass(frozen=True)
class _Limit:
    host: str
    monotonic: Callable[[], float]
    until: float
    seconds: float
    longest: int

    def read(self, raw: BaseHTTPResponse) -> bytes:
        encoding = raw.headers.get("content-encoding", "").lower()
        if encoding not in _ENCODINGS:
            raise UpstreamError(f"{self.host} answered in the encoding {encoding[:30]!r}, which was not asked for.")
        body = bytearray()
        while chunk := raw.read1(_CHUNK, decode_content=True):
            body += chunk
            self._check(len(body))
        return bytes(body)

    def _check(self, size: int) -> None:
        if size > self.longest:
            raise UpstreamError(f"{self.host} answered with more than {self.longest // 2**20} MB: ask for less.")
        if self.monotonic() > self.until:
            raise UpstreamError(f"{self.host} did not finish its answer within {self.seconds:g} seconds.")


def _headers(answer: requests.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items() if name.lower() != "set-cookie"}


def _reason(error: Exception, timeout: float) -> str:
    # The text of these exceptions holds the whole address, query included, so only their kind is told.
    match error:
        case requests.Timeout() | urllib3.exceptions.TimeoutError() | TimeoutError():
            return f"it took longer than {timeout:g} seconds"
        case requests.exceptions.SSLError() | urllib3.exceptions.SSLError():
            return "its certificate cannot be trusted"
        case requests.exceptions.ContentDecodingError() | urllib3.exceptions.DecodeError():
            return "its answer cannot be decompressed"
        case _:
            return "the connection was lost"
