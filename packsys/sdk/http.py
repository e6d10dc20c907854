"""A request that a pack asks its host for, and the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_RELATION = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)
_CHARSET = re.compile(r'charset\s*=\s*"?([\w.:-]+)', re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Request:
    """Is one request as the pack wrote it; the host completes a relative ``url`` and signs it.

    The last three say whether it is signed with the account, whether redirects are followed or handed back, and for
    how many seconds its answer may be kept: None leaves that to the host, 0 forbids it.
    """

    method: str = "GET"
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    authenticate: bool = True
    follow: bool = True
    cache_ttl: float | None = None


@dataclass(frozen=True, kw_only=True)
class Response:
    """Is what the service answered; header names are in lower case."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def text(self) -> str:
        """Decodes the body by the charset of its content type, else as UTF-8; what does not decode becomes U+FFFD."""
        named = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return self.body.decode(named[1] if named else "utf-8", errors="replace")
        except (LookupError, UnicodeError):  # no such charset, or one that is none of texts
            return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Reads the body as JSON; raises :class:`ValueError` with the beginning of a body that is not."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ValueError(f"The service's answer is not JSON; it begins with {self.text[:60]!r}.") from error

    @property
    def links(self) -> Mapping[str, str]:
        """Reads the ``Link`` header (RFC 8288): the address of ``next``, ``last`` and so on, by relation."""
        found = _LINK.findall(self.headers.get("link", ""))
        named = ((_RELATION.search(parameters), address) for address, parameters in found)
        return {
            relation: address
            for match, address in named
            if match
            for relation in (match[1] or match[2]).lower().split()
        }


class Fetcher(Protocol):
    """Carries requests out; the host gives one to every call."""

    def fetch(self, request: Request) -> Response:
        """Sends a request; answers of any status come back. Raises :class:`packsys.sdk.FetchError`."""
