"""Makes the Celery app that every process shares: one configuration, the names of tasks, the state server."""

from __future__ import annotations

from typing import Any

from celery import Celery

import celeryconfig

# Names are promises to other services and to messages in flight: they never change.
SUBMIT = "packsys.jobs.submit"
GET = "packsys.jobs.get"
CANCEL = "packsys.jobs.cancel"
STEP = "packsys.step"
ADVANCE = "packsys.advance"
RECONCILE = "packsys.upkeep.reconcile"
START_SYNC = "packsys.syncs.start"
PAGE_SYNC = "packsys.syncs.page"
FINISH_SYNC = "packsys.syncs.finish"


def celery_app(state_url: str, *, app: type[Celery] = Celery, **options: Any) -> Any:
    """Makes an app whose broker and result store are the state server; connects to nothing yet."""
    made = app("packsys", broker=state_url, backend=state_url, **options)
    made.config_from_object(celeryconfig)
    if state_url.startswith("redis+socket:"):
        made.conf.redis_socket_keepalive = False  # redis-py refuses the option for a unix socket
    return made
