"""Temporary files of packs, in Redis.

They lie on the server that may forget: files are large, and on the one that must lose nothing they would take the
room of queued work. A file that is forgotten before its time is one that is not found.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from packsys.errors import NotReady, UpstreamError
from packsys.kvstore.address import connect
from packsys.model import Blob
from packsys.runtime.allowance import Allowance

PREFIX = "packsys:blob:1:"
"""Begins every key of a file. The number is the format's."""

TIMEOUT = 5.0
"""Seconds for an answer: 25 MB are written within."""


def unguessable() -> str:
    """Makes an id of 192 random bits: whoever knows it may read the file."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, kw_only=True)
class RedisBlobs:
    """Keeps files, for one workspace or for all: both :class:`~packsys.ports.BlobStore` and ``Blobs``.

    ``base`` is the address under which the service is known to browsers.
    """

    client: Redis
    base: str
    workspace: str = ""
    allowance: Allowance = field(default_factory=Allowance)
    new_id: Callable[[], str] = unguessable

    @classmethod
    def at(cls, url: str, *, base: str) -> RedisBlobs:
        """Makes the store on the server at ``url``, without touching it."""
        return cls(client=connect(url, timeout=TIMEOUT), base=base.rstrip("/"))

    def of(self, workspace: str) -> RedisBlobs:
        """Gives the place for one workspace's files."""
        return replace(self, workspace=workspace)

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float) -> str:
        """Keeps a file for ``ttl`` seconds, a day at most, and gives its address.

        Raises :class:`~packsys.errors.BlobTooLarge`, and :class:`~packsys.errors.UpstreamError` while the server is
        away.
        """
        self.allowance.check(len(content))
        blob, milliseconds = self.new_id(), max(1, int(self.allowance.seconds(ttl) * 1000))
        try:
            self._reserve(blob, len(content), milliseconds)
            head = json.dumps([content_type, name]).encode()
            self.client.set(_key(blob), b"%s\n%s" % (head, content), px=milliseconds)
        except RedisError as error:
            raise UpstreamError("No file can be kept now: the cache server does not take it.", retry_after=1) from error
        return f"{self.base}/v1/blobs/{blob}"

    def get(self, blob: str) -> Blob | None:
        """Finds a file by the last part of its address; raises NotReady while the server is away."""
        try:
            kept = cast("bytes | None", self.client.get(_key(blob)))
        except RedisError as error:
            raise NotReady("The cache server does not answer: try again in a moment.", retry_after=1) from error
        return None if kept is None else _read(kept)

    def _reserve(self, blob: str, size: int, milliseconds: int) -> None:
        limits = (self.allowance.total, self.allowance.files)
        script = self.client.register_script(_script())
        done, used, count = script(keys=[_list(self.workspace)], args=[blob, size, milliseconds, *limits])
        if not done:
            self.allowance.check_room(size, used=used, files=count)


@cache
def _script() -> str:
    return files("packsys.kvstore").joinpath("lua/reserve.lua").read_text("utf-8")


def _key(blob: str) -> bytes:
    return (PREFIX + blob).encode("utf-8", "backslashreplace")


def _list(workspace: str) -> bytes:
    return f"packsys:blobs:1:{workspace}".encode("utf-8", "backslashreplace")


def _read(kept: bytes) -> Blob:
    head, _, content = kept.partition(b"\n")
    content_type, name = json.loads(head)
    return Blob(content=content, content_type=content_type, name=name)
