"""Puts the use cases of sync tables on the adapters."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial

from packsys.adapters import Adapters, new_id, now
from packsys.bootstrap.worker import worker
from packsys.metrics.declared import REPAIRS
from packsys.runtime.inquire import Inquire
from packsys.runtime.retries import Retries
from packsys.runtime.schedule import KeepSchedule
from packsys.settings import Settings
from packsys.sync.accounts import KnownAccounts
from packsys.sync.house import Syncs, Terms, wire_syncs
from packsys.sync.instances import Instances


@dataclass(frozen=True, kw_only=True)
class Tables:
    """Is what keeps sync tables fresh; ``may_call_back`` refuses workspaces whose messages nothing could sign."""

    settings: Settings
    adapters: Adapters
    may_call_back: Callable[[str], None]

    @cached_property
    def inquire(self) -> Inquire:
        """Asks packs for anything but a formula."""
        shelf = self.adapters.shelf
        return Inquire(packs=shelf, runner=shelf, surround=self.adapters.surround)

    @cached_property
    def syncs(self) -> Syncs:
        """Runs them, and reads them."""
        surround = replace(self.inquire.surround, connections=KnownAccounts(self.inquire.surround.connections))
        return wire_syncs(
            self.adapters.syncs,
            self._terms(),
            packs=self.adapters.shelf,
            inquire=replace(self.inquire, surround=surround),
            dispatcher=self.adapters.sync_bells,
            bells=self.adapters.bells,
            retries=Retries(random=random.random),
            new_id=new_id,
            now=now,
        )

    @cached_property
    def keep_schedule(self) -> KeepSchedule:
        """Makes and changes schedules."""
        return KeepSchedule(self.adapters.stores.schedules)

    @property
    def instances(self) -> Instances:
        """Makes them, changes them, and ends them."""
        return Instances(
            tables=self.syncs.tables,
            schedules=self.adapters.stores.schedules,
            keep_schedule=self.keep_schedule,
            steer=self.syncs.steer,
            packs=self.adapters.shelf,
            connections=self.adapters.stores.connections,
            declared=self.adapters.registry.manifest,
            may_call_back=self.may_call_back,
        )

    def _terms(self) -> Terms:
        figures = self.adapters.exposition.figures
        return Terms(
            worker=worker(),
            lease=self.settings.lease,
            grace=self.settings.grace,
            attempts=self.settings.attempts,
            repaired=partial(self.adapters.measure.count, REPAIRS),
            lost=figures.lost,
            missed=figures.missed,
        )
