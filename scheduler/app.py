"""Makes beat's app: ``celery -A scheduler.app beat``. What is due is decided in PostgreSQL: any number may run."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

from celery import Celery
from celery.signals import setup_logging

from packsys.bootstrap import wire_beat
from packsys.dispatch.app import celery_app
from packsys.runtime.fire import Fire
from packsys.scheduling.rhythm import Every
from packsys.scheduling.schedule import Schedule
from packsys.settings import Settings
from packsys.telemetry import set_up_logging

settings = Settings.from_environ(os.environ)

CHORES = (
    Schedule(id="house:reconcile", workspace="", kind="house", target="reconcile", rhythm=Every(2.0)),
    Schedule(id="house:deliver", workspace="", kind="house", target="deliver", rhythm=Every(1.0)),
)
"""What the house does for itself, however it is used."""


class Clockwork(Celery):
    """Is a Celery app that knows what is due; it is wired on first use."""

    @cached_property
    def fire(self) -> Fire:
        """Fires what is due; raises NotReady while the database is away."""
        return wire_beat(settings, CHORES, celery=self)


app: Any = celery_app(settings.state_url, broker=settings.broker, app=Clockwork)
app.conf.beat_scheduler = "scheduler.beat:SlotScheduler"


@setup_logging.connect
def _log(**_: object) -> None:
    set_up_logging(format=settings.log_format)
