"""Turns what pack code raised into the errors of the house."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TypeAlias

from packsys import sdk
from packsys.errors import (
    ApiError,
    AuthenticationRefused,
    ConnectionFault,
    PackError,
    PackRaised,
    PacksysError,
    PermissionRefused,
    RateLimited,
    UpstreamError,
    UserVisible,
)

LONGEST_MESSAGE = 500

Fault: TypeAlias = PackError | ConnectionFault | UpstreamError | ApiError


def fault(call: str, error: BaseException, *, now: Callable[[], float] = time.time) -> Fault:
    """Gives the error of the house for what a call's code raised; ``call`` is written ``GitHub::Repos``.

    An error of the host that passed through the pack stays what it was; its message may quote the pack, so that it is
    cleaned and cut short as well. ``now`` is in seconds since 1970.
    """
    cause = error.__cause__ if isinstance(error, sdk.FetchError) else error
    match cause:
        case PackError() | ConnectionFault() | UpstreamError() | ApiError():
            cause.message = _capped(cause.message)
            return cause
        case sdk.UserVisibleError():
            return UserVisible(_capped(_text(cause)) or None)
        case sdk.StatusCodeError():
            return _status_fault(call, cause, now)
        case _:
            return PackRaised(_capped(f"{call} raised {_named(error)}"))


def _status_fault(call: str, error: sdk.StatusCodeError, now: Callable[[], float]) -> Fault:
    headers = error.response.headers
    said = _capped(_sentence(call, error))
    wait = retry_after(headers, now=now)
    match error.status:
        case 429:
            return RateLimited(said, retry_after=wait)
        case 403 if wait is not None:
            return RateLimited(said, retry_after=wait)
        case 401:
            return AuthenticationRefused(said)
        case 403:
            return PermissionRefused(said)
        case status if status >= 500:
            return UpstreamError(said, retry_after=wait)
        case _:
            return ApiError(said)


def retry_after(headers: Mapping[str, str], *, now: Callable[[], float] = time.time) -> float | None:
    """Reads for how many seconds a service wants to be left alone; None when it does not say.

    ``Retry-After`` comes as seconds or as a date (RFC 9110, 10.2.3). A limit that is used up comes as
    ``X-RateLimit-Remaining: 0`` with ``X-RateLimit-Reset`` in seconds since 1970, as GitHub and others write it.
    """
    if "retry-after" in headers:
        return _delay(headers["retry-after"], now)
    if headers.get("x-ratelimit-remaining") == "0":
        return _until(headers.get("x-ratelimit-reset", ""), now)
    return None


def _delay(value: str, now: Callable[[], float]) -> float | None:
    if value.strip().isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now())
    except (ValueError, TypeError, OverflowError):
        return None


def _until(moment: str, now: Callable[[], float]) -> float | None:
    return max(0.0, float(moment) - now()) if moment.strip().isdecimal() else None


def _sentence(call: str, error: sdk.StatusCodeError) -> str:
    scheme, _, rest = error.url.rpartition("://")
    host, slash, path = rest.partition("/") if scheme else ("", "", rest)
    service, where = host or call.partition("::")[0], slash + path or "/"
    said = _explanation(error.response)
    answered = f"{service} answered {error.status}{_phrase(error.status)} to {error.method} {where}".rstrip()
    return f"{answered}: {said.rstrip('.')}." if said else f"{answered}."


def _phrase(status: int) -> str:
    return f" ({HTTPStatus(status).phrase})" if status in HTTPStatus._value2member_map_ else ""


def _explanation(response: sdk.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return ""
    return _first_text(body, ("message", "error_description", "error", "detail", "title")) if body else ""


def _first_text(body: object, keys: tuple[str, ...]) -> str:
    if not isinstance(body, Mapping):
        return ""
    for key in keys:
        match body.get(key):
            case str(said) if said.strip():
                return " ".join(said.split())[:200]
            case Mapping() as nested if said := _first_text(nested, keys):
                return said
    return ""


def _named(error: BaseException) -> str:
    said = _text(error)
    return f"{type(error).__name__}: {said}" if said else f"{type(error).__name__}."


def _text(error: BaseException) -> str:
    if isinstance(error, PacksysError):
        return error.message
    try:
        return str(error)
    except Exception:
        return "(an error that cannot be shown)"


def _capped(text: str) -> str:
    return clean(text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…")


def clean(text: str) -> str:
    """Replaces what neither UTF-8 nor PostgreSQL can hold: halves of surrogate pairs, and U+0000."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
