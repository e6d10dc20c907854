"""What a running formula may use: every function of a pack gets one context as its first argument."""

from __future__ import annotations

import json as json_
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from packsys.sdk.errors import StatusCodeError
from packsys.sdk.http import Fetcher, Request, Response

if TYPE_CHECKING:
    from logging import Logger

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """Says which formula of which release runs."""

    pack: str
    version: str
    formula: str


@dataclass(frozen=True, kw_only=True)
class Context:
    """Is the world of one call.

    ``timezone`` is the IANA name of the job's zone. ``endpoint`` is the connection's own base address, blank
    when it has none. ``idempotency_key`` is the same whenever the same call is tried again: pass it to a service
    that takes one.
    """

    fetcher: Fetcher
    invocation: Invocation
    logger: Logger
    timezone: str = "UTC"
    endpoint: str = ""
    idempotency_key: str = ""

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Scalar] | None = None,
        json: object = None,
        body: bytes | str | None = None,
    ) -> Response:
        """Asks the service and gives its answer.

        A relative ``url`` such as ``/user/repos`` is completed with the connection's endpoint, or else the pack's
        base URL. Blank entries of ``query`` are left out. ``json`` is sent as a JSON body. Raises
        :class:`packsys.sdk.StatusCodeError` for a status of 400 or more and :class:`packsys.sdk.FetchError`
        when there is no answer.
        """
        if json is not None and body is not None:
            raise ValueError("A request has one body: pass json= or body=, not both.")
        response = self.fetcher.fetch(
            Request(
                method=method.upper(),
                url=url,
                headers=_headers(headers or {}, json),
                query={name: _written(value) for name, value in (query or {}).items() if value is not None},
                body=_encoded(json, body),
            )
        )
        if response.status >= 400:
            raise StatusCodeError(response, method=method.upper(), url=url)
        return response


def _headers(given: Mapping[str, str], json: object) -> Mapping[str, str]:
    named = any(name.lower() == "content-type" for name in given)
    return given if json is None or named else {**given, "Content-Type": "application/json"}


def _written(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _encoded(json: object, body: bytes | str | None) -> bytes | None:
    if json is not None:
        return json_.dumps(json, ensure_ascii=False, separators=(",", ":")).encode()
    return body.encode() if isinstance(body, str) else body
