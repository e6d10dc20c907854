"""Is the service that everybody reads: rows of eight columns, page by page, after a while.

``python -m benchmarks.sync.api ROWS`` says on which port it answers, and does so until it is ended.
"""

from __future__ import annotations

import asyncio
import sys
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

import orjson


def row(number: int) -> dict[str, Any]:
    """Makes a row: the same number always gives the same one."""
    return {
        "id": number,
        "name": f"Customer number {number}",
        "email": f"customer.{number}@mail.example",
        "city": ("Lisbon", "Oslo", "Quito", "Osaka")[number % 4],
        "score": number % 1000 / 8,
        "active": number % 3 == 0,
        "changed_at": f"2026-01-{number % 28 + 1:02}T08:{number % 60:02}:00+00:00",
        "notes": f"Some words about number {number}, as long as such words are: " + "word " * 12,
    }


class Service(asyncio.Protocol):
    """Answers ``GET /rows?page=N&size=N&delay=SECONDS``, one request after the other on each connection."""

    def __init__(self, rows: int) -> None:
        """Takes how many rows there are."""
        self._rows = rows
        self._transport: Any = None
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the connection."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answers when the request is whole."""
        self._heard += data
        while b"\r\n\r\n" in self._heard:
            head, _, self._heard = self._heard.partition(b"\r\n\r\n")
            asked = {key: each[0] for key, each in parse_qs(head.split(b" ")[1].decode().partition("?")[2]).items()}
            answer = page(self._rows, int(asked["page"]), int(asked["size"]))
            asyncio.get_running_loop().call_later(float(asked.get("delay", 0)), self._transport.write, answer)


@lru_cache(None)
def page(rows: int, number: int, size: int) -> bytes:
    """Writes the answer that holds a page, once for all who ask."""
    begin, end = number * size, min((number + 1) * size, rows)
    body = orjson.dumps({"rows": [row(each) for each in range(begin, end)], "next": number + 1 if end < rows else None})
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def serve(rows: int) -> None:
    """Says the port, and answers until the process is ended."""
    server = await asyncio.get_running_loop().create_server(lambda: Service(rows), "127.0.0.1", 0)
    for size in (100, 1000):  # nobody is to wait while the first one asks
        for number in range(rows // size):
            page(rows, number, size)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
