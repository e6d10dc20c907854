"""Makes the worker's app: ``celery -A workers.app worker``."""

from __future__ import annotations

import logging
import os
from functools import cached_property
from typing import Any

from celery import Celery
from celery.signals import celeryd_after_setup, setup_logging, worker_init, worker_process_init, worker_ready

from packsys.bootstrap import Services, as_they_are, refuse_lossy_state, wire
from packsys.dispatch.app import STEP, celery_app
from packsys.errors import PacksysError
from packsys.metrics.door import open_door
from packsys.sandbox.runtimes import report_walls
from packsys.settings import Settings
from packsys.starting import collect_rarely, without_collecting
from packsys.telemetry import Hidden, set_up_logging
from workers.display import CeleryDisplay, gather
from workers.flow import Flow

settings = Settings.from_environ(os.environ)


class House(Celery):
    """Is a Celery app that knows the house.

    The services are wired on first use, which is after the fork: no connection is shared between processes. ``around``
    may put something before their adapters; ``consumer`` is the worker's, once there is one; ``takes_for_good`` says
    that its messages need no acknowledgement, ``prepared`` that this process or its parent has done what is done once,
    ``works_here`` that calls run in the consumer's process, which then shows them, and not in children of it.
    """

    around = staticmethod(as_they_are)
    consumer: Any = None
    takes_for_good = False
    prepared = False
    works_here = False

    @cached_property
    def hidden(self) -> Hidden:
        """Knows what the log must not show."""
        return Hidden()

    @cached_property
    def services(self) -> Services:
        """Wires the house for this process."""
        display = CeleryDisplay(self.event_sender)
        return wire(settings, celery=self, display=display, hidden=self.hidden, around=self.around)

    def event_sender(self) -> Any:
        """Gives what this worker sends its tasks' events with; None until it has begun to consume."""
        return getattr(self.consumer, "event_dispatcher", None)


app: Any = celery_app(
    settings.state_url,
    broker=settings.broker,
    app=House,
    include=["workers.jobs", "workers.formulas", "workers.syncs", "workers.upkeep"],
)


@setup_logging.connect
def _log(**_: object) -> None:
    set_up_logging(format=settings.log_format, hide=app.hidden)
    for told_elsewhere in ("celery.worker.strategy", "celery.app.trace"):  # each task, twice: its events say more
        logging.getLogger(told_elsewhere).setLevel(logging.WARNING)


@worker_init.connect
def _prepare(**_: object) -> None:
    prepare()


def prepare() -> None:
    """Checks the servers and walls, and imports in the parent what its children then share; keeps nothing open."""
    _log()  # Celery comes to it only after this signal
    if app.prepared:
        return
    try:
        refuse_lossy_state(settings)
        with without_collecting():
            wire(settings, celery=app)
        collect_rarely()
        report_walls()
        app.prepared = True
    except PacksysError as error:
        raise SystemExit(error.message) from error  # Celery would log any other exception and go on


@celeryd_after_setup.connect
def _place(instance: Any, **_: object) -> None:
    app.works_here = not instance.pool_cls.__module__.endswith(".prefork")
    app.tasks[STEP].send_events = not app.works_here


@worker_ready.connect
def _begin(sender: Any, **_: object) -> None:
    app.consumer = sender
    gather(sender)
    Flow(app.services.flow).start()
    tell_figures()


@worker_process_init.connect
def _connect(**_: object) -> None:
    app.consumer = None  # it is the parent's, and only the parent can send its events
    app.services.ready()
    tell_figures()


def tell_figures() -> None:
    """Lets Prometheus ask this process, where the settings say so."""
    if settings.metrics_address:
        open_door(app.services.exposition.figures, settings.metrics_address)
