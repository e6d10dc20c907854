"""Asks a worker to deliver the messages that are due."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from celery import Celery
from kombu.exceptions import OperationalError

from packsys.dispatch.app import DELIVER

log = logging.getLogger(__name__)

EXPIRES = 30
"""Seconds after which a request that no worker came to is dropped: beat asks every second besides."""


@dataclass(frozen=True)
class CeleryPost:
    """Sends the request as a task; a broker that does not take it costs a second or so, and no message."""

    app: Celery

    def __call__(self) -> None:
        """Asks once, and raises nothing."""
        try:
            self.app.send_task(DELIVER, expires=EXPIRES, retry=False, ignore_result=True)
        except (OperationalError, OSError) as error:
            log.warning("delivery.unasked", extra={"cause": type(error).__name__})
