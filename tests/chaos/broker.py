"""Looks into the state server from outside: queues, messages that nobody acknowledged, keys that stay."""

from __future__ import annotations

import json
import time
from typing import Any

import redis

from packsys.dispatch.app import QUEUES
from packsys.kvstore.address import translated
from packsys.kvstore.queues import PREFIX
from tests.chaos.history import Broker

LISTS = ("celery", "upkeep", "syncs", *QUEUES.values())
UNACKED = "unacked_index"


def client(url: str) -> Any:
    """Gives a client of a Redis server."""
    return redis.Redis.from_url(translated(url))


def held(url: str) -> list[str]:
    """Lists messages that were taken and not acknowledged: seconds since then, task, arguments, and when it is due."""
    server = client(url)
    kept = server.hgetall("unacked")
    return [
        f"{time.time() - taken:.1f} s: {_named(kept[tag])}"
        for tag, taken in server.zrange(UNACKED, 0, -1, withscores=True)
        if tag in kept
    ]


def _named(kept: bytes) -> str:
    headers = json.loads(kept)[0]["headers"]
    return " ".join(str(headers.get(name)) for name in ("task", "argsrepr", "id", "eta"))


def look(url: str) -> Broker:
    """Tells what the state server holds."""
    server = client(url)
    names = [*LISTS, *(key.decode() for key in server.scan_iter(match=f"{PREFIX}*"))]
    unacked = server.zrange(UNACKED, 0, -1, withscores=True)
    lasting = sum(server.ttl(key) == -1 for key in server.scan_iter(count=1000))
    return Broker(
        queues={name: server.llen(name) for name in names},
        unacked=[taken for _, taken in unacked],
        lasting=lasting,
        waiting=server.info("clients")["blocked_clients"],
    )
