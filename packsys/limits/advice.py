"""What a service says about its limits in the headers of an answer."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

LONGEST_PAUSE = 3600.0
"""Seconds. A service that asks for more is asked again after an hour: no header stops a connection for a year."""

AMPLE = 200
"""Requests. What is left is noted from here on: before, it costs a message per answer and holds nobody back."""

_EPOCH = 10**9
_EPOCH_MILLISECONDS = 10**11
_ITEM = re.compile(r'(?:"[^"]*"|[^",])+')
_PARAMETER = re.compile(r"[;,]\s*([a-z]+)\s*=\s*(\d{1,15})(?![\d.])")


@dataclass(frozen=True, kw_only=True)
class Advice:
    """Is what an answer says: that the service refuses to go on, for how long, and what is left until when.

    ``pause`` are seconds; None where a refusal says none. ``left`` requests are allowed in the next ``reset`` seconds.
    """

    refused: bool = False
    pause: float | None = None
    left: int | None = None
    reset: float = 0.0

    @property
    def empty(self) -> bool:
        """Tells whether there is nothing to learn."""
        return not self.refused and (self.left is None or self.left > AMPLE)


def read(status: int, headers: Mapping[str, str], *, now: Callable[[], float] = time.time) -> Advice:
    """Reads an answer, header names in lower case; what makes no sense is as if it were not there.

    Understands ``Retry-After`` in both forms (RFC 9110, 10.2.3), ``X-RateLimit-*`` with a reset in seconds, or since
    1970, and ``RateLimit`` with ``RateLimit-Policy`` as in draft-ietf-httpapi-ratelimit-headers-10 and before. Dates
    and moments are measured from the answer's own ``Date``, because the service's clock is not ours.
    """
    here = _date(headers.get("date", ""), now())
    left, reset = _left(headers, here)
    pause = retry_after(headers, here)
    spent = left == 0 and reset is not None
    refused = status == 429 or (status == 403 and (pause is not None or spent)) or (status == 503 and pause is not None)
    if refused and pause is None and spent:
        pause = reset
    return Advice(
        refused=refused,
        pause=None if pause is None else min(pause, LONGEST_PAUSE),
        left=left if reset is not None else None,
        reset=min(reset or 0.0, LONGEST_PAUSE),
    )


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Reads ``Retry-After`` as seconds from ``now``, in seconds since 1970; None when it does not say."""
    text = headers.get("retry-after", "").strip()
    seconds = _number(text)
    if seconds is not None:
        return seconds
    at = _date(text, math.nan)
    return None if math.isnan(at) else max(0.0, at - now)


def _left(headers: Mapping[str, str], now: float) -> tuple[int | None, float | None]:
    for remaining, reset in (
        ("ratelimit-remaining", "ratelimit-reset"),
        ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ):
        count, until = _number(headers.get(remaining, "")), _number(headers.get(reset, ""))
        if count is not None and until is not None:
            return int(count), _from_now(until, now)
    return _items(headers.get("ratelimit", ""), headers.get("ratelimit-policy", ""))


def _items(text: str, policy: str) -> tuple[int | None, float | None]:
    """Reads the item with the least left. Where it says no time, the longest window of the policy bounds it."""
    windows = [values["w"] for values in map(_parameters, _ITEM.findall(policy)) if "w" in values]
    found = [_parameters(item) for item in _ITEM.findall(text)]
    if "remaining" in _parameters(f",{text}"):  # draft 07 and before: one dictionary
        found = [_parameters(f",{text}")]
    told = [
        (values.get("r", values.get("remaining", 0)), values.get("t", values.get("reset", max(windows, default=-1))))
        for values in found
        if "r" in values or "remaining" in values
    ]
    left, reset = min(told, key=lambda each: (each[0], -each[1]), default=(0, -1))
    return (left, float(reset)) if reset >= 0 else (None, None)


def _parameters(item: str) -> dict[str, int]:
    return {name: int(value) for name, value in _PARAMETER.findall(item.lower())}


def _from_now(moment: float, now: float) -> float:
    if moment >= _EPOCH_MILLISECONDS:
        moment /= 1000
    return max(0.0, moment - now) if moment >= _EPOCH else moment


def _number(text: str) -> float | None:
    text = text.strip()
    return float(text) if re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,9})?", text) else None


def _date(text: str, otherwise: float) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return otherwise
