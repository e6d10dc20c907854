"""What a call finds around it, besides the way to its service: every socket that the host fills."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

BLOB_TTL = 900.0  # seconds; as long as in the packs that people know


class BlobStorage(Protocol):
    """Keeps files for a while, for results that hold an image or an attachment.

    ``ttl`` is seconds, a day at most. Both methods raise :class:`packsys.sdk.FetchError` where the host does not keep
    the file, above all because it is too large.
    """

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float = BLOB_TTL) -> str:
        """Keeps some content and gives the address at which it can be had; a browser saves it as ``name``."""

    def store_url(self, url: str, *, name: str = "", ttl: float = BLOB_TTL) -> str:
        """Has the host fetch an address with the account, keeps what comes, and gives the address of the copy.

        Raises :class:`packsys.sdk.StatusCodeError` as ``context.fetch`` does.
        """


class Cache(Protocol):
    """Reads, and never writes, what the host keeps of earlier calls of this pack with this account."""

    def get(self, formula: str, arguments: Mapping[str, Any]) -> tuple[Any] | None:
        """Finds a kept result, in a tuple so that a blank can be told from nothing."""


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> datetime:
        """Tells the time in UTC."""

    def sleep(self, seconds: float) -> None:
        """Waits; the time counts against the call's limit."""


@dataclass(frozen=True, kw_only=True)
class Sync:
    """Says where a sync table stands; outside of one everything is blank.

    ``continuation`` is what the page before gave, ``previous`` what the last complete run gave as its completion:
    when it is there, only what changed since then is asked for. ``started_at`` is when the first page of this run
    began, the only safe moment to write into a completion. ``dynamic_url`` names one of several dynamic tables.
    ``schema`` is that of a dynamic table's rows as manifests write it, and ``row_versions`` what is known of the
    versions of rows by their ids, where the host knows them.
    """

    continuation: Mapping[str, Any] = field(default_factory=dict)
    previous: Mapping[str, Any] = field(default_factory=dict)
    started_at: datetime | None = None
    dynamic_url: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    row_versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Location:
    """Says where a call comes from: what asked for it, in which workspace, document, and for whom."""

    source: Literal["formula", "action", "sync", "column", "metadata"] = "formula"
    base_url: str = ""
    workspace: str = ""
    document: str = ""
    user: str = ""


class NoBlobs:
    """Is the storage of a host that has none."""

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float = BLOB_TTL) -> str:
        """Refuses to keep anything."""
        raise RuntimeError("This host keeps no files: run the pack where packsys has blob storage.")

    def store_url(self, url: str, *, name: str = "", ttl: float = BLOB_TTL) -> str:
        """Refuses to keep anything."""
        return self.store(b"", content_type="", name=name, ttl=ttl)


class NoCache:
    """Is a cache in which nothing is kept."""

    def get(self, formula: str, arguments: Mapping[str, Any]) -> tuple[Any] | None:
        """Finds nothing."""


class SystemClock:
    """Is the clock of this machine."""

    def now(self) -> datetime:
        """Tells the time in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)
