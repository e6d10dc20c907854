"""What a process of each kind begins with, beyond the wired house."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from packsys.adapters import now
from packsys.bootstrap.house import wire
from packsys.bootstrap.servers import refuse_lossy_state
from packsys.bootstrap.services import Services
from packsys.runtime.fire import Fire
from packsys.runtime.patience import patiently
from packsys.scheduling.schedule import Schedule
from packsys.settings import Settings
from packsys.sync.underway import UnderWay
from packsys.telemetry import Hidden


def serving(
    settings: Settings, *, migrating: bool = False, development_key: str | None = None, hidden: Hidden | None = None
) -> Services:
    """Wires the house for the HTTP service, once its servers answer.

    With ``migrating`` the database gets the newest schema first; ``development_key`` is kept as a key of the
    workspace ``default`` where it is not yet; ``hidden`` is that of :func:`wire`. Raises WrongSetUp, and NotReady
    after a minute of waiting.
    """
    from packsys.runtime.keys import keep_token
    from packsys.store.schema import migrate

    refuse_lossy_state(settings)
    if migrating:
        patiently(lambda: migrate(settings.database_url))
    services = wire(settings, hidden=hidden)
    if development_key:
        keep_token(development_key, name="development", workspace="default", keys=services.keys, now=now())
    return services


def wire_beat(settings: Settings, chores: Iterable[Schedule], *, celery: Any) -> Fire:
    """Wires what a beat fires, and keeps the house's own ``chores`` as schedules.

    ``celery`` is the app of this process. Raises NotReady while the database is away or has an old schema.
    """
    from packsys.dispatch.slots import SlotBell
    from packsys.store.database import open_database
    from packsys.store.schedules import PostgresSchedules, PostgresSlots
    from packsys.store.schema import check_schema
    from packsys.store.syncruns import PostgresSyncRuns

    database = open_database(settings.database_url, application="packsys beat", connections=1)
    check_schema(database)
    for chore in chores:
        PostgresSchedules(database).keep(chore)
    busy = UnderWay(runs=PostgresSyncRuns(database))
    return Fire(slots=PostgresSlots(database), ring=SlotBell(celery), busy=busy)
