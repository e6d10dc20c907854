"""Rings the bell for one step, and for the next wave."""

from __future__ import annotations

from celery import Task

from packsys.dispatch.app import ADVANCE, STEP
from packsys.ports import Due
from workers.app import app
from workers.requests import Taken


@app.task(name=STEP, Request=Taken, bind=True)
def step(self: Task, job: str, key: str) -> None:
    """Runs one pack call, and for a while those whose messages come next, where it can show them."""
    asked = self.request
    queue = asked.delivery_info["routing_key"] if app.works_here else ""
    app.services.execute(Due(job, key, asked.shadow or "", queue, alone=asked.group is None))


@app.task(name=ADVANCE, Request=Taken)
def advance(job: str) -> None:
    """Sends the next wave of a job, or ends it."""
    app.services.advance(job)
