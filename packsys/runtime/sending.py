"""Sends what was kept before."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from packsys.errors import NotReady

log = logging.getLogger(__name__)


def send_kept(send: Callable[[], None], *, jobs: Iterable[str]) -> None:
    """Sends steps of some jobs; what the queue does not take is put down in the log, and sent by the reconciler.

    Who fails here instead would have what was kept done again, or would leave a claim that it has just taken.
    """
    try:
        send()
    except NotReady as error:
        for job in jobs:
            log.warning("job.unsent", extra={"job": job, "cause": error.message})
