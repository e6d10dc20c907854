"""Rings the bell for runs of sync tables."""

from __future__ import annotations

import logging

from packsys.dispatch.app import FINISH_SYNC, PAGE_SYNC, START_SYNC
from packsys.errors import RequestError
from workers.app import app

log = logging.getLogger(__name__)


@app.task(name=START_SYNC)
def start(table: str, trigger: str) -> None:
    """Starts a run, unless the table is paused or gone by now."""
    try:
        app.services.syncs.start(table, trigger=trigger)
    except RequestError as refused:
        log.info("run.refused", extra={"table": table, "trigger": trigger, "code": refused.code})


@app.task(name=PAGE_SYNC)
def page(run: str, number: int) -> None:
    """Reads a page, and the next ones for a while."""
    app.services.syncs.serve(run, number)


@app.task(name=FINISH_SYNC)
def finish(run: str, number: int) -> None:
    """Finishes a run."""
    app.services.syncs.serve(run, number)
