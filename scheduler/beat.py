"""The scheduler that Celery's beat runs: it asks PostgreSQL what is due, and keeps nothing itself."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from celery.beat import Scheduler

from packsys.errors import NotReady

log = logging.getLogger(__name__)

PAUSE = 1.0
"""Seconds to wait when a server is away."""


class SlotScheduler(Scheduler):
    """Fires what is due, by the ``fire`` of its app; any number of beats may run at once, and any may be killed.

    Where a file is named (``--schedule``), it is touched each time that this has worked, for whoever wants to know
    whether beat is well.
    """

    def __init__(self, *args: Any, schedule_filename: str | None = None, **terms: Any) -> None:
        """Takes what Celery gives; asks nothing yet."""
        self._sign = Path(schedule_filename) if schedule_filename else None
        super().__init__(*args, **terms)

    def setup_schedule(self) -> None:
        """Sets nothing up: what there is to do is known to PostgreSQL."""

    def tick(self, *_: Any, **__: Any) -> float:
        """Fires what is due, and gives the seconds until beat should come back."""
        try:
            wait = self.app.fire()
        except NotReady as problem:
            log.warning("beat.waiting", extra={"reason": problem.message})
            return PAUSE
        if self._sign is not None:
            self._sign.touch()
        return float(self.max_interval if wait is None else max(0.0, min(wait, self.max_interval)))

    @property
    def info(self) -> str:
        """Says, when beat starts, where its state is."""
        return "    . state -> PostgreSQL"
