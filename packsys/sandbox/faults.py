"""Turns what pack code raised into the errors of the house."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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
from packsys.limits import advice

LONGEST_MESSAGE = 500
LONGEST_LINE = 2_000  # characters of a line that a pack logs

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
    said = _capped(_sentence(call, error))
    told = advice.read(error.status, error.response.headers, now=now)
    match error.status:
        case 429:
            return RateLimited(said, retry_after=told.pause)
        case 403 if told.refused:
            return RateLimited(said, retry_after=told.pause)
        case 401:
            return AuthenticationRefused(said)
        case 403:
            return PermissionRefused(said)
        case status if status >= 500:
            return UpstreamError(said, retry_after=told.pause)
        case _:
            return ApiError(said)


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


def one_line(text: str) -> str:
    """Makes a line for the log of what a pack says: cut short, without what ends a line or steers a terminal."""
    shown = text[:LONGEST_LINE]
    if shown.isprintable():
        return shown
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in shown)
