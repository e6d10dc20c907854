"""Secrets that cannot be mistaken, and how to find one wherever it lies."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Iterator
from functools import cache

HEAD, TAIL = "CanaryHeadQ7xK", "CanaryTailZ3vW"
"""Begin and end every secret of these tests: half a secret is found as well."""

PLANTED = "PlantedBirdJ5mR"
"""Is put where a search must find it."""

_RUN = re.compile(rb"[A-Za-z0-9+/_-]{24,}")


def canary(name: str) -> str:
    """Makes a secret with every sign that one of the encodings writes in another way."""
    return f"{HEAD}.{name}.+/&\"'<%41={TAIL}"


def found(data: bytes, *marks: str) -> bool:
    """Tells whether some bytes hold one of the marks, in any form, compressed or not."""
    sought = _sought(*marks)
    return any(sought.search(view) for view in _views(data))


@cache
def _sought(*marks: str) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(form) for mark in marks for form in _forms(mark.encode())))


def _forms(mark: bytes) -> Iterator[bytes]:
    yield mark
    yield mark[::-1]
    yield from (mark.hex().encode(), mark.hex().upper().encode(), mark.decode().encode("utf-16-le"))
    for before in (0, 1, 2):
        first, end = -(-before * 8 // 6), (before + len(mark)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(before) + mark)[first:end]


def _views(data: bytes) -> Iterator[bytes]:
    yield data
    yield from _unpacked(data)
    for run in _RUN.findall(data):
        yield from _decoded(run)


def _unpacked(data: bytes) -> Iterator[bytes]:
    if data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as files:
            yield from map(files.read, files.namelist())
    if data[:1] == b"\x78":
        try:
            yield zlib.decompress(data)
        except zlib.error:
            return


def _decoded(run: bytes) -> Iterator[bytes]:
    even = run[: len(run) // 4 * 4].replace(b"+", b"-").replace(b"/", b"_")
    try:
        yield urlsafe_b64decode(even)
    except Error:
        return
