"""Asks a service over connections that stay open, with as little of its own as can be."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import Any

OK = b"200"


@dataclass(frozen=True)
class Question:
    """Is one POST request, written out once."""

    host: str
    port: int
    path: str
    body: Any
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        """Writes the request."""
        body = json.dumps(self.body).encode()
        told = {"Host": self.host, "Content-Type": "application/json", "Content-Length": len(body), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        return f"POST {self.path} HTTP/1.1\r\n{head}\r\n".encode() + body


@dataclass(frozen=True)
class Answers:
    """Is how long each answer took, in seconds, and the last body."""

    seconds: list[float]
    elapsed: float
    last: bytes

    @property
    def rate(self) -> float:
        """Gives the answers a second."""
        return len(self.seconds) / self.elapsed


def ask(question: Question, *, seconds: float, connections: int = 1) -> Answers:
    """Asks for some seconds, on each connection one request after the other; raises AssertionError for a refusal."""
    return asyncio.run(_ask(question, seconds, connections))


async def _ask(question: Question, seconds: float, connections: int) -> Answers:
    begun = time.perf_counter()
    asked = [_on_one(question, begun + seconds) for _ in range(connections)]
    taken = await asyncio.gather(*asked)
    elapsed = time.perf_counter() - begun
    return Answers([each for some, _ in taken for each in some], elapsed, taken[0][1])


async def _on_one(question: Question, until: float) -> tuple[list[float], bytes]:
    reader, writer = await asyncio.open_connection(question.host, question.port)
    raw, body = question.raw, b""
    taken: list[float] = []
    while (begun := time.perf_counter()) < until or not taken:
        writer.write(raw)
        body = await _answer(reader)
        taken.append(time.perf_counter() - begun)
    writer.close()
    return taken, body


async def _answer(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in lines if line)
    body = await reader.readexactly(int(fields[b"content-length"]))
    assert status.split()[1] == OK, body
    return body
