"""The packs that an installation has: those that ship with it, and those that were published."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from packsys.errors import NotFound
from packsys.model import Release
from packsys.ports import ReleaseStore


@dataclass(frozen=True, kw_only=True)
class Registry:
    """Finds pack versions and their manifests; a pack that ships hides a published one with its number.

    ``shipped`` are the releases of the packs that ship. Nothing that is found here has its archive.
    """

    shipped: Sequence[Release]
    releases: ReleaseStore

    def newest(self) -> Sequence[Release]:
        """Lists the newest release of each pack, by name."""
        own = {each.pack_id for each in self.shipped}
        found = [*self.shipped, *(each for each in self.releases.newest() if each.pack_id not in own)]
        return sorted(found, key=lambda release: release.name.casefold())

    def versions(self, pack_id: int) -> Sequence[Release]:
        """Lists the releases of a pack, the newest first; raises NotFound."""
        own = [each for each in self.shipped if each.pack_id == pack_id]
        found = own or self.releases.versions(pack_id)
        if not found:
            raise NotFound(f"There is no pack {pack_id}: GET /v1/packs lists those that there are.")
        return found

    def get(self, pack_id: int, version: str) -> Release:
        """Finds a release; raises NotFound."""
        found = self.versions(pack_id)
        for release in found:
            if release.version == version:
                return release
        known = ", ".join(each.version for each in found[:5])
        raise NotFound(f"There is no version {version!r} of {found[0].name}; the newest are {known}.")

    def manifest(self, pack_id: int, version: str) -> Mapping[str, Any]:
        """Gives what a release declares; raises NotFound."""
        return self.get(pack_id, version).manifest


def shipped(manifest: Mapping[str, Any]) -> Release:
    """Gives a pack that ships as a release; as there is no archive, its digest is that of its manifest."""
    written = json.dumps(manifest, sort_keys=True).encode()
    return Release(
        pack_id=manifest["id"],
        version=manifest["version"],
        name=manifest["name"],
        runtime=manifest["runtime"],
        digest=sha256(written).hexdigest(),
        manifest=json.loads(written),
        archive=b"",
        published_by="packsys",
    )
