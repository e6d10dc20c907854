"""All that is plugged into the sockets of one process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packsys.adapters.figures import counted, exposed, measure_in
from packsys.adapters.packs import load_packs, register, shelve
from packsys.adapters.sending import Sending, feed_through, sending_through
from packsys.adapters.ways_out import permits, watched, ways_out
from packsys.catalog.registry import Registry
from packsys.connections.contents import hidden_in
from packsys.connections.mint import Mint
from packsys.connections.vault import Vault
from packsys.errors import WrongSetUp
from packsys.metrics.exposition import Exposition
from packsys.metrics.measure import Measure
from packsys.metrics.process import ProcessFigures
from packsys.ports import Bells, BlobStore, CallSlots, Feed, FlightDesk, PackStore, ResultCache
from packsys.runtime.surround import Surround
from packsys.settings import Settings
from packsys.sync.house import SyncStores
from packsys.syncports import SyncDispatcher
from packsys.telemetry import Hidden

if TYPE_CHECKING:
    from packsys.adapters.stores import Stores
    from packsys.sandbox.shelf import Shelf
    from packsys.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Adapters:
    """Is every adapter, set up and connected to nothing yet."""

    database: Database
    stores: Stores
    syncs: SyncStores
    feed: Feed
    post: Callable[[], None]
    mint: Mint
    registry: Registry
    shipped: PackStore
    shelf: Shelf
    cache: ResultCache
    desk: FlightDesk
    call_slots: CallSlots
    blobs: BlobStore
    sending: Sending
    vault: Vault
    surround: Surround
    sync_bells: SyncDispatcher
    bells: Bells
    measure: Measure
    exposition: Exposition


def set_up(settings: Settings, *, celery: Any = None, hidden: Hidden | None = None) -> Adapters:
    """Sets up every adapter for a process.

    ``celery`` is the app of this process, or one is made; ``hidden`` is told every secret that is opened. Raises
    WrongSetUp for settings that cannot be, and BrokenPack for a pack that cannot be loaded.
    """
    from packsys.adapters.stores import stores_in, sync_stores_in
    from packsys.dispatch.app import celery_app
    from packsys.dispatch.syncbells import SyncBells
    from packsys.kvstore.bells import RedisBells
    from packsys.kvstore.blobs import RedisBlobs
    from packsys.kvstore.callslots import RedisCallSlots
    from packsys.kvstore.results import RedisResults
    from packsys.sandbox.inprocess import InProcessPacks
    from packsys.store.database import open_database

    hidden, app = hidden or Hidden(), celery or celery_app(settings.state_url, broker=settings.broker)
    database, vault = open_database(settings.database_url), open_vault(settings, hidden)
    figures, measure = ProcessFigures(), measure_in(settings)
    feed = feed_through(settings, app, measure)
    stores, packs = stores_in(database, told=feed.publish), load_packs(settings.packs)
    shipped, cache = InProcessPacks(packs), RedisResults.at(settings.cache_url)
    blobs = RedisBlobs.at(settings.cache_url, base=settings.public_url)
    gates = watched(permits(settings), measure, figures)
    mint, egress = ways_out(settings, stores.connections, stores.oauth, vault, hidden, gates=gates)
    return Adapters(
        database=database,
        stores=stores,
        syncs=counted(sync_stores_in(database), measure),
        feed=feed,
        post=feed.post,
        mint=mint,
        registry=register(packs, stores.releases),
        shipped=shipped,
        shelf=shelve(shipped, stores.releases),
        cache=cache,
        desk=cache,
        call_slots=RedisCallSlots.at(settings.state_url),
        blobs=blobs,
        sending=sending_through(settings, app),
        vault=vault,
        surround=Surround(connections=stores.connections, egress=egress, cache=cache, blobs=blobs),
        sync_bells=SyncBells(app),
        bells=RedisBells.at(settings.state_url),
        measure=measure,
        exposition=exposed(settings, database, cache, figures),
    )


def open_vault(settings: Settings, hidden: Hidden) -> Vault:
    """Opens the vault with the installation's keys; raises WrongSetUp when there are none.

    ``hidden`` is told every secret that passes through it.
    """
    if not settings.vault_keys:
        raise WrongSetUp("PACKSYS_VAULT_KEYS is not set: make a key with 'packsys key vault', and keep it.")
    first = next(iter(settings.vault_keys))
    return Vault(settings.vault_keys, current=first, told=lambda secret: hidden.add(hidden_in(secret)))
