"""Reads the bytes of an answer, and believes no line that is not plain HTTP.

``http.client`` guesses where an answer is malformed: it skips lines that are no headers, ends them at a lone carriage
return, and takes ``+2`` and ``0x2`` for sizes. Where a service and its reader disagree about where an answer ends, the
rest is the answer to somebody else's request. So every line is looked at here, before it is read.
"""

from __future__ import annotations

import io
import re
from http.client import HTTPException, IncompleteRead
from typing import Any

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, 5.6.2
_HEADER = _TOKEN + rb":[^\r\n\x00]*"
_STATUS = rb"HTTP/1\.[01] [1-9][0-9]{2}(?: [^\r\n\x00]*)?"

# RFC 9112, 4 and 5. A line that begins with a blank goes on with the header before (5.2).
_HEAD = re.compile(rb"(?:%b|%b|[ \t][^\r\n\x00]*|)\r?\n" % (_STATUS, _HEADER))
# RFC 9112, 7.1: sizes of chunks, and headers after the last one.
_CHUNKS = re.compile(rb"(?:[0-9A-Fa-f]{1,8}[ \t]*(?:;[^\r\n\x00]*)?|%b|)\r?\n" % _HEADER)


class Reader(io.BufferedReader):
    """Reads one answer; once it is closed, ``surplus`` tells whether more had come than was read."""

    surplus = False

    def __init__(self, raw: io.RawIOBase) -> None:
        """Takes what reads from the socket, and no more than it has."""
        self._source = _Source(raw)
        super().__init__(self._source)
        self._lines, self._before = _HEAD, b""

    def expect_chunks(self) -> None:
        """Has the lines that follow be those between the chunks of a body."""
        self._lines = _CHUNKS

    def readline(self, size: int | None = -1, /) -> bytes:
        """Reads a line; raises :class:`~http.client.HTTPException` for one that is malformed, or missing."""
        line = super().readline(size)
        if not line and self._before:
            raise IncompleteRead(line)
        if line and not self._lines.fullmatch(line):
            raise HTTPException
        if line[:1] in (b" ", b"\t") and self._before.startswith(b"HTTP/"):
            raise HTTPException
        self._before = line
        return line

    def read(self, size: int | None = -1, /) -> bytes:
        """Reads that many bytes; between chunks that is the end of one, and nothing else will do."""
        found = super().read(size)
        if self._lines is _CHUNKS and found not in (b"", b"\r\n"):
            raise HTTPException
        return found

    def close(self) -> None:
        """Looks at what is left, and closes."""
        if not self.closed:
            self._source.ended = True
            self.surplus = bool(self.peek(1))
        super().close()


class _Source(io.RawIOBase):
    """Is what a reader takes from: nothing more once it has ended, so that looking does not wait."""

    ended = False

    def __init__(self, raw: io.RawIOBase) -> None:
        self._raw = raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        return 0 if self.ended else self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
