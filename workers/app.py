"""Makes the worker's app: ``celery -A workers.app worker``."""

from __future__ import annotations

import os
from functools import cached_property
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_process_init

from packsys.bootstrap import Services, refuse_lossy_state, wire
from packsys.dispatch.app import celery_app
from packsys.errors import PacksysError
from packsys.sandbox.runtimes import report_walls
from packsys.settings import Settings
from packsys.starting import without_collecting
from packsys.telemetry import Hidden, set_up_logging

settings = Settings.from_environ(os.environ)


class House(Celery):
    """Is a Celery app that knows the house.

    The services are wired on first use, which is after the fork: no connection is shared between processes.
    """

    @cached_property
    def hidden(self) -> Hidden:
        """Knows what the log must not show."""
        return Hidden()

    @cached_property
    def services(self) -> Services:
        """Wires the house for this process."""
        return wire(settings, celery=self, hidden=self.hidden)


app: Any = celery_app(
    settings.state_url, app=House, include=["workers.jobs", "workers.formulas", "workers.syncs", "workers.upkeep"]
)


@setup_logging.connect
def _log(**_: object) -> None:
    set_up_logging(format=settings.log_format, hide=app.hidden)


@worker_init.connect
def _prepare(**_: object) -> None:
    _log()  # Celery comes to it only after this signal
    try:
        refuse_lossy_state(settings)
        with without_collecting():
            wire(settings, celery=app)  # imports in the parent what its children then share; keeps nothing open
        report_walls()
    except PacksysError as error:
        raise SystemExit(error.message) from error  # Celery would log any other exception and go on


@worker_process_init.connect
def _connect(**_: object) -> None:
    app.services.ready()
