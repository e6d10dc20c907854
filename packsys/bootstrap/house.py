"""Wires the house."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from packsys.adapters import Adapters, set_up
from packsys.bootstrap.accounts import Accounts
from packsys.bootstrap.callbacks import Callbacks
from packsys.bootstrap.formulas import Formulas
from packsys.bootstrap.queues import flow
from packsys.bootstrap.servers import readiness
from packsys.bootstrap.services import Services
from packsys.bootstrap.tables import Tables
from packsys.memory import Undisplayed
from packsys.ports import Display
from packsys.runtime.cancel import Cancel
from packsys.runtime.forget import Forget
from packsys.runtime.preview import PreviewFormula
from packsys.runtime.publish import Publish
from packsys.settings import Settings
from packsys.telemetry import Hidden


def as_they_are(adapters: Adapters) -> Adapters:
    """Gives the adapters themselves."""
    return adapters


def wire(
    settings: Settings,
    *,
    celery: Any = None,
    display: Display | None = None,
    hidden: Hidden | None = None,
    around: Callable[[Adapters], Adapters] = as_they_are,
) -> Services:
    """Wires the house to its servers; ``celery`` is the app of this process, or one is made.

    ``display`` shows the calls that a worker goes on with, ``hidden`` is told every secret that is opened, and takes it
    out of the log; ``around`` may put something before the adapters. Raises WrongSetUp for settings that cannot be, and
    BrokenPack for a pack that cannot be loaded.
    """
    return _wired(settings, around(set_up(settings, celery=celery, hidden=hidden)), display or Undisplayed())


def _wired(settings: Settings, adapters: Adapters, display: Display) -> Services:
    accounts, callbacks = Accounts(settings, adapters), Callbacks(settings, adapters)
    stores, may_call_back = adapters.stores, callbacks.secrets.require
    formulas = Formulas(settings=settings, adapters=adapters, display=display, may_call_back=may_call_back)
    tables = Tables(settings=settings, adapters=adapters, may_call_back=may_call_back)
    return Services(
        submit=formulas.submit,
        submit_many=formulas.submit_many,
        submit_together=formulas.submit_together,
        preview=PreviewFormula(formulas.compile),
        assist=formulas.assist,
        cancel=Cancel(stores.jobs),
        connect=accounts.connect,
        sign_in=accounts.sign_in,
        disconnect=accounts.disconnect,
        set_client=accounts.set_client,
        rotate=accounts.rotate,
        publish=_publish(adapters),
        execute=formulas.execute,
        inquire=tables.inquire,
        advance=formulas.advance,
        reconcile=formulas.reconcile,
        flow=partial(flow, adapters.sending.queues),
        deliver=callbacks.deliver,
        webhook_secrets=callbacks.secrets,
        ready=partial(readiness, adapters.database, settings),
        jobs=stores.jobs,
        steps=stores.steps,
        events=stores.events,
        feed=adapters.feed,
        progress=stores.progress,
        deliveries=stores.deliveries,
        keys=stores.keys,
        connections=stores.connections,
        packs=adapters.shelf,
        registry=adapters.registry,
        blobs=adapters.blobs,
        cache=adapters.cache,
        forget=Forget(cache=adapters.cache, lasting=stores.lasting),
        syncs=tables.syncs,
        schedules=stores.schedules,
        slots=stores.slots,
        keep_schedule=tables.keep_schedule,
        instances=tables.instances,
        exposition=adapters.exposition,
    )


def _publish(adapters: Adapters) -> Publish:
    from packsys.sandbox.runtimes import describers

    return Publish(shipped=adapters.shipped, releases=adapters.stores.releases, describe=describers())
