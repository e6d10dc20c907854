"""The twin of published pack versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from threading import Lock

from packsys.errors import Conflict
from packsys.model import Release


class MemoryReleases:
    """Keeps pack versions in this process."""

    def __init__(self) -> None:
        """Starts with none."""
        self._kept: dict[tuple[int, str], Release] = {}
        self._lock = Lock()

    def add(self, release: Release) -> bool:
        """Keeps a new release; False when the same one is there already. Raises Conflict."""
        with self._lock:
            self._check_name(release)
            key = (release.pack_id, release.version)
            new = key not in self._kept
            kept = self._kept.setdefault(key, release)
        if kept.digest != release.digest:
            raise Conflict(f"{release.name} {release.version} was published before: raise the version.")
        return new

    def get(self, pack_id: int, version: str) -> Release | None:
        """Finds a release."""
        with self._lock:
            return self._kept.get((pack_id, version))

    def newest(self) -> Sequence[Release]:
        """Lists the release of each pack that was published last, by name, without its archive."""
        with self._lock:
            last = {release.pack_id: replace(release, archive=b"") for release in self._kept.values()}
        return sorted(last.values(), key=lambda release: release.name.casefold())

    def versions(self, pack_id: int) -> Sequence[Release]:
        """Lists the releases of a pack without their archives, the one that was published last first."""
        with self._lock:
            found = [replace(each, archive=b"") for each in self._kept.values() if each.pack_id == pack_id]
        return found[::-1]

    def _check_name(self, release: Release) -> None:
        for kept in self._kept.values():
            if kept.name.casefold() == release.name.casefold() and kept.pack_id != release.pack_id:
                raise Conflict(f"The name {release.name!r} belongs to the pack {kept.pack_id}: choose another name.")
