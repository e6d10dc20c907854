"""The frames between a pack and its host: four bytes of length, and one JSON object.

Never a pickle: to read one is to run it. What JSON lacks (dates, durations, bytes) is an object with a single key
that begins with U+0000, which no service's data holds. What the host reads here was written by a stranger, so
everything that can be wrong with it is a :class:`Malformed`, and its size is known before it is read.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

LENGTH: Final = struct.Struct(">I")
_MARK = "\0"
LOG_LINE: Final = 50
"""Bytes that a log line counts on top of its text, so that empty ones cannot go on for ever."""


class Malformed(Exception):
    """A frame cannot be read."""


class TooLarge(Malformed):
    """A frame holds more values than it may."""


@dataclass(frozen=True)
class Foreign:
    """Stands for an object that cannot leave the process it was made in."""

    name: str


def encode(message: object) -> bytes:
    """Writes a message with its length before it.

    Raises :class:`TypeError`, :class:`ValueError` or :class:`RecursionError` for what JSON cannot hold.
    """
    return framed(written(message))


def written(message: object) -> bytes:
    """Writes a message, or a part of one, without its length."""
    return _ENCODER.encode(message).encode("ascii")


def framed(data: bytes) -> bytes:
    """Puts the length before a written message."""
    return LENGTH.pack(len(data)) + data


def decode(data: bytes | bytearray, *, values: int) -> Any:
    """Reads a message of at most ``values`` values; raises :class:`Malformed`.

    Two bytes of JSON can make sixty in memory, so the values are counted before they are made. Commas and
    brackets inside texts count too: they are the price of not reading twice.
    """
    if len(data) > values and sum(map(data.count, (b",", b"[", b"{"))) > values:
        raise TooLarge(f"it holds more than {values} values")
    hook = _read_special if b'"\\u0000' in data else None  # most messages hold none, and a hook costs time
    try:
        return json.loads(data, object_hook=hook)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Malformed(f"it cannot be read ({type(error).__name__})") from None


def _special(value: object) -> object:
    match value:
        case datetime():
            return {f"{_MARK}datetime": value.isoformat()}
        case date():
            return {f"{_MARK}date": value.isoformat()}
        case timedelta():
            return {f"{_MARK}duration": [value.days, value.seconds, value.microseconds]}
        case bytes() | bytearray() | memoryview():
            return {f"{_MARK}bytes": base64.b64encode(value).decode("ascii")}
        case Mapping():
            return dict(value)
        case _:
            return {f"{_MARK}foreign": type(value).__name__[:80]}


def _read_special(read: dict[str, Any]) -> object:
    if len(read) != 1:
        return read
    ((key, value),) = read.items()
    reader = _READERS.get(key)
    return reader(value) if reader else read


def _duration(parts: Any) -> timedelta:
    days, seconds, microseconds = parts
    return timedelta(days=days, seconds=seconds, microseconds=microseconds)


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), default=_special)
_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    f"{_MARK}datetime": datetime.fromisoformat,
    f"{_MARK}date": date.fromisoformat,
    f"{_MARK}duration": _duration,
    f"{_MARK}bytes": lambda text: base64.b64decode(text, validate=True),
    f"{_MARK}foreign": lambda name: Foreign(str(name)[:80]),
}
