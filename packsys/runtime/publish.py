"""Publishes a pack version."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from packsys.catalog.bundle import Bundle, unpack
from packsys.errors import BrokenPack, Conflict
from packsys.model import Release
from packsys.ports import PackStore, ReleaseStore

Describe: TypeAlias = Callable[[Bundle], Mapping[str, Any]]
"""Reads a manifest off a pack's code, behind the walls of the sandbox."""


@dataclass(frozen=True)
class Published:
    """Is a release, and whether it is ``new`` or was there already, the same to the byte."""

    release: Release
    new: bool


@dataclass(frozen=True, kw_only=True)
class Publish:
    """Checks an archive as if nobody had checked it before, and keeps it for ever.

    ``shipped`` are the packs that come with packsys, whose numbers and names are taken; ``describe`` reads what the
    code itself declares, by runtime.
    """

    shipped: PackStore
    releases: ReleaseStore
    describe: Mapping[str, Describe]

    def __call__(self, archive: bytes, published_by: str) -> Published:
        """Gives the release; the same archive again gives the same one.

        Raises BrokenPack for an archive that cannot be used, and Conflict for a number, a name or a version that is
        taken.
        """
        bundle = unpack(archive)
        self._check_taken(bundle.manifest)
        self._check_honest(bundle)
        release = _release(bundle, archive, published_by)
        return Published(release, self.releases.add(release))

    def _check_taken(self, manifest: Mapping[str, Any]) -> None:
        taken = self.shipped.by_id(manifest["id"]) or self.shipped.by_name(manifest["name"])
        if taken is not None:
            raise Conflict(f"{taken.name} ({taken.id}) comes with packsys: take another name and number.")

    def _check_honest(self, bundle: Bundle) -> None:
        declared = {"runtime": bundle.runtime, **self.describe[bundle.runtime](bundle)}
        if _plain(declared) != _plain(bundle.manifest):
            raise BrokenPack("The manifest is not what the code declares: build the archive with 'packsys pack build'.")


def _plain(manifest: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(dict(manifest)))


def _release(bundle: Bundle, archive: bytes, published_by: str) -> Release:
    return Release(
        pack_id=bundle.manifest["id"],
        version=bundle.manifest["version"],
        name=bundle.manifest["name"],
        runtime=bundle.runtime,
        digest=bundle.digest,
        manifest=_plain(bundle.manifest),
        archive=archive,
        published_by=published_by,
    )
