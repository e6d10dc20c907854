"""Makes the Celery app that every process shares: one configuration, the names of tasks, the state server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any

from celery import Celery

import celeryconfig
from packsys.model import Priority, Route

# Names are promises to other services and to messages in flight: they never change.
SUBMIT = "packsys.jobs.submit"
GET = "packsys.jobs.get"
CANCEL = "packsys.jobs.cancel"
STEP = "packsys.step"
ADVANCE = "packsys.advance"
RECONCILE = "packsys.upkeep.reconcile"
DELIVER = "packsys.upkeep.deliver"
START_SYNC = "packsys.syncs.start"
PAGE_SYNC = "packsys.syncs.page"
FINISH_SYNC = "packsys.syncs.finish"


QUEUES: Mapping[Priority, str] = {
    Priority.INTERACTIVE: "formulas",
    Priority.SCHEDULED: "formulas.scheduled",
    Priority.BACKFILL: "formulas.backfill",
}


def queue_of(route: Route) -> str:
    """Gives the queue in which messages wait."""
    return QUEUES[route.priority]


def before(queue: str) -> Sequence[str]:
    """Lists the queues into which a worker looks before this one."""
    return tuple(takewhile(lambda other: other != queue, (each.name for each in celeryconfig.task_queues)))


def celery_app(state_url: str, *, broker: str = "", app: type[Celery] = Celery, **options: Any) -> Any:
    """Makes an app on the state server, which is its broker too where no other is named; connects to nothing yet."""
    made = app("packsys", broker=broker or state_url, backend=state_url, **options)
    made.config_from_object(celeryconfig)
    if state_url.startswith("redis+socket:"):
        made.conf.redis_socket_keepalive = False  # redis-py refuses the option for a unix socket
    return made
