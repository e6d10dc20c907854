"""Decompresses answers, and stops at bombs before they are in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Protocol

from packsys.egress.meter import too_large
from packsys.errors import UpstreamError

ACCEPTED = "gzip, deflate"
RATIO = 100
"""How many times larger than what was sent an answer may be. Text compresses to a tenth, rarely to a fiftieth."""

_UNSUSPICIOUS = 2**20  # bytes; below, no ratio does harm
_STEP = 64 * 2**10
_EITHER = 32 + zlib.MAX_WBITS  # zlib tells gzip from deflate by the first bytes


def decoded(parts: Iterable[bytes], encoding: str, *, host: str, longest: int) -> bytes:
    """Joins the parts of an answer as they were before ``encoding``.

    Raises :class:`~packsys.errors.UpstreamError` for more than ``longest`` bytes, for one that grows more than
    :data:`RATIO` times, for an encoding that was not asked for, and for one that is damaged or cut off.
    """
    named = encoding.strip().lower()
    if named not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise UpstreamError(
            f"{host} answered in the encoding {named[:30]!r}, which was not asked for.", reason="decode"
        )
    growing = _Growing(host, longest)
    if named in ("", "identity"):
        return growing.joined(growing.counted(parts))
    try:
        return growing.joined(_inflated(growing.counted(parts)))
    except (zlib.error, EOFError):
        raise UpstreamError(f"{host} did not answer: its answer cannot be decompressed.", reason="decode") from None


class _Growing:
    def __init__(self, host: str, longest: int) -> None:
        self._host, self._longest, self._wire = host, longest, 0

    def counted(self, parts: Iterable[bytes]) -> Iterator[bytes]:
        for part in parts:
            self._wire += len(part)
            yield part

    def joined(self, parts: Iterable[bytes]) -> bytes:
        body = bytearray()
        for part in parts:
            body += part
            self._check(len(body))
        return bytes(body)

    def _check(self, size: int) -> None:
        if size > self._longest:
            raise too_large(self._host, self._longest)
        if size > _UNSUSPICIOUS and size > RATIO * self._wire:
            raise UpstreamError(f"{self._host} answered with a body that grows {RATIO} times.", reason="decode")


def _inflated(parts: Iterable[bytes]) -> Iterator[bytes]:
    stream, begun = zlib.decompressobj(_EITHER), False
    for part in parts:
        if not begun and not _announced(part):
            stream = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers send deflate without its header
        begun, rest = True, part
        while rest:
            if stream.eof:
                stream = zlib.decompressobj(_EITHER)  # a gzip file may have several members
            yield from _steps(stream, rest)
            rest = stream.unused_data
    if begun and not stream.eof:
        raise EOFError


def _steps(stream: _Stream, part: bytes) -> Iterator[bytes]:
    """Gives what a part holds in pieces; a full piece means that there may be more, even with nothing left to read."""
    piece = stream.decompress(part, _STEP)
    yield piece
    while not stream.eof and (stream.unconsumed_tail or len(piece) == _STEP):
        piece = stream.decompress(stream.unconsumed_tail, _STEP)
        yield piece


def _announced(part: bytes) -> bool:
    return part[:1] == b"\x1f" or part[:1] == b"\x78"  # the first byte of gzip, and of zlib as everybody sets it up


class _Stream(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unconsumed_tail(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...
