"""All packs of an installation: those that ship with it, and those that were published."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from packsys import ports
from packsys.catalog.bundle import unpack
from packsys.catalog.manifest import release as read_release
from packsys.errors import BrokenPack
from packsys.model import PackVersion, Release
from packsys.ports import PackRunner, ReleaseStore
from packsys.sandbox.inprocess import InProcessPacks
from packsys.values import Value

FRESH = 1.0
"""Seconds for which the list of newest releases is believed: a pack that is published is found that soon everywhere."""

KEPT = 32
"""Releases whose files are kept in memory."""


class Archives:
    """Gives the files of published releases, by pack number and version."""

    def __init__(self, releases: ReleaseStore) -> None:
        """Takes the store of releases; reads each archive once."""
        self._releases = releases
        self.files = lru_cache(maxsize=KEPT)(self._files)

    def _files(self, pack_id: int, version: str) -> Mapping[str, bytes]:
        found = self._releases.get(pack_id, version)
        if found is None:
            raise BrokenPack(f"The pack {pack_id} was never published as {version}: publish it, then try again.")
        return unpack(found.archive).files


class Shelf:
    """Finds packs, and runs each where it belongs: ours in this process, strangers' in a sandbox.

    It is both :class:`~packsys.ports.PackStore` and :class:`~packsys.ports.PackRunner`.
    """

    def __init__(
        self,
        shipped: InProcessPacks,
        releases: ReleaseStore,
        runners: Mapping[str, PackRunner],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes the packs that ship, the published ones, and a runner for each runtime; ``clock`` counts seconds."""
        self._shipped, self._releases, self._runners, self._clock = shipped, releases, runners, clock
        self._newest: Mapping[int, Release] = {}
        self._stale_at = clock()
        self._release = lru_cache(maxsize=KEPT)(self._read)

    def by_id(self, pack_id: int) -> PackVersion | None:
        """Finds a pack by its number: of a published one, the newest release."""
        return self._shipped.by_id(pack_id) or _pack(self._published().get(pack_id))

    def by_name(self, name: str) -> PackVersion | None:
        """Finds a pack by its name, whatever its case."""
        return self._shipped.by_name(name) or next(
            (_pack(each) for each in self._published().values() if each.name.casefold() == name.casefold()), None
        )

    def names(self) -> Sequence[str]:
        """Lists the names of all packs."""
        return [*self._shipped.names(), *(each.name for each in self._published().values())]

    def release(self, pack_id: int, version: str) -> PackVersion | None:
        """Finds the release that a call was bound with."""
        shipped = self._shipped.release(pack_id, version)
        if shipped is not None:
            return shipped
        found = self._release(pack_id, version)
        return found[0] if found else None

    def run(self, call: ports.Call) -> Value:
        """Runs a call where its pack belongs."""
        invocation = call.invocation
        return self._runner(invocation.pack_id, invocation.version, invocation.name).run(call)

    def ask(self, inquiry: ports.Inquiry) -> Any:
        """Asks a pack where it belongs."""
        return self._runner(inquiry.pack_id, inquiry.version, f"The pack {inquiry.pack_id}").ask(inquiry)

    def _runner(self, pack_id: int, version: str, name: str) -> PackRunner:
        if self._shipped.by_id(pack_id):
            return self._shipped
        found = self._release(pack_id, version)
        if found is None:
            raise BrokenPack(f"{name} is not published as {version}: publish it again.")
        return self._runners[found[1]]

    def _published(self) -> Mapping[int, Release]:
        if self._clock() >= self._stale_at:
            self._newest = {each.pack_id: each for each in self._releases.newest()}
            self._stale_at = self._clock() + FRESH
        return self._newest

    def _read(self, pack_id: int, version: str) -> tuple[PackVersion, str] | None:
        found = self._releases.get(pack_id, version)
        return (read_release(found.manifest), found.runtime) if found else None


def _pack(release: Release | None) -> PackVersion | None:
    return read_release(release.manifest) if release else None
