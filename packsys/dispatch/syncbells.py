"""Rings for runs of sync tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kombu.exceptions import OperationalError

from packsys.dispatch.app import FINISH_SYNC, PAGE_SYNC
from packsys.errors import NotReady
from packsys.syncmodel import SyncRun


@dataclass(frozen=True)
class SyncBells:
    """Sends a message for each page: the id of the run, and the number of the page.

    Nothing is ever sent with a delay: what waits is parked in PostgreSQL. Raises NotReady when the broker does not
    take a message; the reconciler then sends it again.
    """

    app: Any

    def page(self, run: SyncRun) -> None:
        """Rings for a run's next page."""
        self._ring(PAGE_SYNC, run)

    def finish(self, run: SyncRun) -> None:
        """Rings for a run's finish."""
        self._ring(FINISH_SYNC, run)

    def _ring(self, task: str, run: SyncRun) -> None:
        try:
            self.app.signature(task, args=(run.id, run.page), immutable=True, app=self.app).apply_async(
                ignore_result=True
            )
        except (OperationalError, OSError) as error:
            raise NotReady("The broker does not take messages: the run is kept and goes on when it does.") from error
