"""Rings the bell for what beat asks for."""

from __future__ import annotations

from packsys.dispatch.app import DELIVER, RECONCILE
from workers.app import app


@app.task(name=RECONCILE)
def reconcile() -> None:
    """Repairs what stands still."""
    app.services.reconcile()
    app.services.syncs.reconcile()


@app.task(name=DELIVER)
def deliver() -> None:
    """Tells callbacks about jobs that ended, as far as that is due."""
    app.services.deliver()
