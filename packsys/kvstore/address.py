"""Addresses of Redis servers, in the spelling of Celery or of redis-py."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from redis import Redis

from packsys.errors import WrongSetUp

_SOCKETS = ("redis+socket", "unix")


def connect(url: str, *, timeout: float) -> Redis:
    """Makes a client that opens connections when they are needed; ``timeout`` is seconds for each answer.

    A command is tried once: who asks knows what a silent server means.
    """
    return Redis.from_url(translated(url), socket_timeout=timeout, socket_connect_timeout=timeout, retry=None)


def translated(url: str) -> str:
    """Writes an address as redis-py reads it: ``redis+socket:///path?virtual_host=1`` is ``unix:///path?db=1``.

    Raises :class:`~packsys.errors.WrongSetUp` for what is no address of a Redis.
    """
    parts = urlsplit(url)
    if parts.scheme in ("redis", "rediss"):
        return url
    if parts.scheme not in _SOCKETS:
        raise WrongSetUp("The address of a Redis server begins with redis://, rediss:// or redis+socket://.")
    query = {"db" if name == "virtual_host" else name: value for name, value in parse_qsl(parts.query)}
    return f"unix://{parts.netloc}{parts.path}?{urlencode(query)}"
