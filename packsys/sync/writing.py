"""Writes stored rows as JSON text that PostgreSQL takes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import orjson

from packsys.sdk.fitting import Misfit
from packsys.values import Json

_NUL = b"\\u0000"  # also where a text merely speaks of it, which costs nothing but a second look
_WIDEST = 1 << 1024
_REPLACEMENT = "\ufffd"


def write(stored: Json) -> bytes:
    """Writes JSON with sorted keys, so that equal values are equal bytes."""
    try:
        return orjson.dumps(stored, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:  # a whole number beyond 64 bits
        return json.dumps(stored, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def write_quickly(stored: Json) -> bytes | None:
    """Writes as :func:`write` does what needs no care; None where it may need :func:`clean` first."""
    try:
        written = orjson.dumps(stored, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return None
    return None if _NUL in written else written


def write_all(stored: Sequence[Json]) -> Sequence[bytes] | None:
    """Writes as :func:`write_quickly` does; None where any of it may need care."""
    try:
        written = [orjson.dumps(each, None, orjson.OPT_SORT_KEYS) for each in stored]
    except orjson.JSONEncodeError:
        return None
    whole = b"".join(written)
    return None if b"\\" in whole and _NUL in whole else written  # a single sign is found ten times faster


def clean(stored: Json) -> Json:
    """Replaces what PostgreSQL's JSON cannot hold, U+0000 and halves of surrogate pairs, by U+FFFD.

    Raises :class:`~packsys.sdk.fitting.Misfit` for a whole number that no formula may hold.
    """
    match stored:
        case str():
            return cleaned(stored)
        case list():
            return [clean(each) for each in stored]
        case dict():
            return {cleaned(key): clean(each) for key, each in stored.items()}
        case int() if not -_WIDEST < stored < _WIDEST:
            raise Misfit(expected="a number", found="a huge number")
    return stored


def cleaned(text: str) -> str:
    """Gives a text that UTF-8 and PostgreSQL can hold."""
    if "\0" in text:
        text = text.replace("\0", _REPLACEMENT)
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
