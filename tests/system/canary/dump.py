"""Everything that a running house has written down or sent, place by place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from packsys.cli.system import System
from packsys.kvstore.address import translated
from tests.system.canary.marks import found

PLACES = ("database", "state", "cache", "broker", "events", "flower", "logs", "answers")


def server(url: str, *, number: int = 0) -> Any:
    """Gives a client of one database of a server, which sees bytes as they are."""
    return redis.Redis.from_url(f"{translated(url).partition('?')[0]}?db={number}")


class Wiretap:
    """Hears every command that a Redis server is given: messages, results and events among them."""

    def __init__(self, url: str) -> None:
        """Begins to listen."""
        self.heard: list[bytes] = []
        self._connection = server(url).connection_pool.get_connection()
        self._connection.send_command("MONITOR")
        self._connection.read_response()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                self.heard.append(bytes(self._connection.read_response(disable_decoding=True)))
        except (redis.RedisError, OSError, ValueError):
            return  # the server was stopped

    def close(self) -> None:
        self._connection.disconnect()


@contextmanager
def tapped(*urls: str) -> Iterator[list[Wiretap]]:
    """Listens to servers while the block runs."""
    taps = [Wiretap(url) for url in urls]
    try:
        yield taps
    finally:
        for tap in taps:
            tap.close()


def tables(database_url: str) -> Iterator[bytes]:
    """Gives every field of every table, and each row as PostgreSQL writes it."""
    with psycopg.connect(database_url.replace("+psycopg", "")) as connection:
        names = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for (name,) in names:
            for row in connection.execute(f'select t.*, t::text from "{name}" t'):
                yield from (field if isinstance(field, bytes) else str(field).encode() for field in row)


READERS: Mapping[bytes, Callable[[Any, bytes], Any]] = {
    b"none": lambda server, key: [],  # it expired since it was listed
    b"string": lambda server, key: [server.get(key)],
    b"hash": lambda server, key: [part for pair in server.hgetall(key).items() for part in pair],
    b"list": lambda server, key: server.lrange(key, 0, -1),
    b"set": lambda server, key: server.smembers(key),
    b"zset": lambda server, key: server.zrange(key, 0, -1),
    b"stream": lambda server, key: [repr(server.xrange(key)).encode()],
}


def keys(url: str) -> Iterator[bytes]:
    """Gives every key of a Redis server, and all that lies under it."""
    for number in range(int(server(url).config_get("databases")["databases"])):
        each = server(url, number=number)
        for key in each.scan_iter(count=1000):
            yield key
            yield from (part for part in READERS[each.type(key)](each, key) if part is not None)


def logs(directory: Path) -> Iterator[bytes]:
    """Gives every log of every process and server."""
    yield from (path.read_bytes() for path in directory.rglob("*.log*") if path.is_file())


def flower(client: httpx.Client) -> Iterator[bytes]:
    """Gives all that Flower shows of tasks and workers."""
    yield from (client.get(path).raise_for_status().content for path in ("/api/tasks", "/api/workers", "/tasks"))


class Listener:
    """Keeps every answer that a client of the service gets, whole."""

    def __init__(self) -> None:
        """Begins with none."""
        self.heard: list[bytes] = []

    def __call__(self, response: httpx.Response) -> None:
        """Keeps one: a hook of httpx."""
        head = "".join(f"{name}: {value}\n" for name, value in response.headers.items())
        self.heard.append(head.encode() + response.read())


def places(
    system: System, *, watching: httpx.Client, taps: list[Wiretap], listener: Listener, only: Sequence[str] = PLACES
) -> Mapping[str, list[bytes]]:
    """Dumps a running house, or some places of it."""
    heard = [part for tap in taps for part in tap.heard]
    readers: Mapping[str, Callable[[], Iterable[bytes]]] = {
        "database": lambda: tables(system.settings.database_url),
        "state": lambda: keys(system.settings.state_url),
        "cache": lambda: keys(system.settings.cache_url),
        "broker": lambda: heard,
        "events": lambda: (part for part in heard if b'"PUBLISH"' in part.upper()),
        "flower": lambda: flower(watching),
        "logs": lambda: logs(system.directory),
        "answers": lambda: listener.heard,
    }
    return {place: list(readers[place]()) for place in only}


def leaks(dumped: Mapping[str, list[bytes]], *marks: str) -> list[str]:
    """Lists where a mark was found, with the place around it."""
    return [f"{place}: {part[:2000]!r}" for place, parts in dumped.items() for part in parts if found(part, *marks)]
