"""Makes beat's app: ``celery -A scheduler.app beat``. Entries are constant; what is due is decided in PostgreSQL."""

from __future__ import annotations

import os
from typing import Any

from celery.signals import setup_logging

from packsys.dispatch.app import DELIVER, RECONCILE, celery_app
from packsys.settings import Settings
from packsys.telemetry import set_up_logging

settings = Settings.from_environ(os.environ)

app: Any = celery_app(settings.state_url, broker=settings.broker)
app.conf.beat_schedule = {
    "reconcile": {"task": RECONCILE, "schedule": 2.0, "options": {"expires": 10}},
    "deliver": {"task": DELIVER, "schedule": 1.0, "options": {"expires": 5}},
}


@setup_logging.connect
def _log(**_: object) -> None:
    set_up_logging(format=settings.log_format)
