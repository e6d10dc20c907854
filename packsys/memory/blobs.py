"""The twin of temporary files."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock

from packsys.model import Blob
from packsys.runtime.allowance import Allowance


@dataclass(frozen=True)
class _Kept:
    blob: Blob
    workspace: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class MemoryBlobs:
    """Keeps files in this process, for one workspace or for all; ``base`` begins their addresses."""

    now: Callable[[], datetime]
    base: str = "http://127.0.0.1:8000"
    workspace: str = ""
    allowance: Allowance = field(default_factory=Allowance)
    new_id: Callable[[], str] = lambda: secrets.token_urlsafe(24)
    _kept: dict[str, _Kept] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def of(self, workspace: str) -> MemoryBlobs:
        """Gives the place for one workspace's files."""
        return replace(self, workspace=workspace)

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float) -> str:
        """Keeps a file for ``ttl`` seconds, a day at most, and gives its address; raises BlobTooLarge."""
        self.allowance.check(len(content))
        blob, until = self.new_id(), self.now() + timedelta(seconds=self.allowance.seconds(ttl))
        with self._lock:
            own = [len(each.blob.content) for each in self._live() if each.workspace == self.workspace]
            self.allowance.check_room(len(content), used=sum(own), files=len(own))
            self._kept[blob] = _Kept(Blob(content=content, content_type=content_type, name=name), self.workspace, until)
        return f"{self.base}/v1/blobs/{blob}"

    def get(self, blob: str) -> Blob | None:
        """Finds a file by the last part of its address."""
        with self._lock:
            self._live()
            return self._kept[blob].blob if blob in self._kept else None

    def _live(self) -> list[_Kept]:
        for name in [name for name, each in self._kept.items() if each.until <= self.now()]:
            del self._kept[name]
        return list(self._kept.values())
