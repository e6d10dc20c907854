"""Sets up packs: those that ship, and those that were published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from packsys.catalog.registry import Registry
from packsys.ports import ReleaseStore

if TYPE_CHECKING:
    from packsys.sandbox.inprocess import InProcessPacks
    from packsys.sandbox.shelf import Shelf
    from packsys.sdk import Pack


def load_packs(places: tuple[str, ...]) -> Sequence[Pack]:
    """Loads packs from modules, files and folders; raises BrokenPack."""
    from packsys.sandbox.loading import load_pack

    return [load_pack(place) for place in places]


def shelve(shipped: InProcessPacks, releases: ReleaseStore) -> Shelf:
    """Puts the packs that ship beside the published ones, which run in sandboxes; starts none of those yet."""
    from packsys.sandbox.runtimes import runners
    from packsys.sandbox.shelf import Archives, Shelf

    return Shelf(shipped, releases, runners(Archives(releases).files))


def register(packs: Sequence[Pack], releases: ReleaseStore) -> Registry:
    """Lists them all."""
    from packsys.catalog.manifest import describe
    from packsys.catalog.registry import shipped

    return Registry(shipped=[shipped(describe(each)) for each in packs], releases=releases)
