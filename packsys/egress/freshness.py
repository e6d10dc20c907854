"""For how long an answer may be used again, by RFC 9111 as it is for a cache that one account alone uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from urllib.request import parse_http_list

from packsys.ports import Response

_REPEATABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,998}[\x21-\x7e])?", re.ASCII)

KEPT = (200, 203)
"""Only these are kept: an error is never an answer to somebody else's question."""


def lifetime(response: Response, *, ttl: float | None, received: float) -> float | None:
    """Gives for how many seconds an answer is fresh; None for one that may not be kept.

    With a ``ttl`` of its own the request decides: the answer is the pack's to keep, whatever the service says, for
    many forbid it for all answers alike. ``received`` is when it came, in seconds since 1970. No freshness is guessed
    (RFC 9111, 4.2.2): an answer that says nothing is asked about again.
    """
    if response.status not in KEPT or "*" in response.headers.get("vary", ""):
        return None
    if ttl is not None:
        return ttl
    said = _directives(response.headers.get("cache-control", ""))
    if "no-store" in said:
        return None
    if "no-cache" in said:
        return 0.0
    return max(0.0, _stated(said, response.headers, received) - _seconds(response.headers.get("age", "0")))


def validators(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Gives the headers that ask whether an answer with these headers is still the same (RFC 9110, 13.1).

    One that no header can have is left out: it would have every later request refused.
    """
    asking = {"If-None-Match": headers.get("etag", ""), "If-Modified-Since": headers.get("last-modified", "")}
    return {name: value for name, value in asking.items() if _REPEATABLE.fullmatch(value)}


def _stated(said: Mapping[str, str], headers: Mapping[str, str], received: float) -> float:
    if "max-age" in said:
        return _seconds(said["max-age"])
    if "expires" in headers:
        return _moment(headers["expires"], 0.0) - _moment(headers.get("date", ""), received)
    return 0.0


def _directives(value: str) -> Mapping[str, str]:
    # The first of several counts (RFC 9111, 4.2.1), so the last to be put into the mapping.
    parts = (part.partition("=") for part in reversed(parse_http_list(value)))
    return {name.strip().lower(): argument.strip().strip('"') for name, _, argument in parts}


def _seconds(written: str) -> float:
    # What is no number makes an answer stale (RFC 9111, 4.2.1).
    return float(written) if written.isascii() and written.isdigit() and len(written) <= 10 else 0.0


def _moment(written: str, otherwise: float) -> float:
    try:
        return parsedate_to_datetime(written).timestamp()
    except (ValueError, TypeError, OverflowError):
        return otherwise
