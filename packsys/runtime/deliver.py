"""Tells callbacks about jobs and sync runs that ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from packsys.connections.secret import Secret
from packsys.connections.webhook import signed
from packsys.errors import ForbiddenRequest, NotFound, PacksysError
from packsys.limits.advice import retry_after
from packsys.model import Delivery, Subject
from packsys.ports import DeliveryStore, Fetcher, Request, Response
from packsys.runtime.message import Message, trial

log = logging.getLogger(__name__)

AT_ONCE = 16
"""Deliveries that one task sends side by side: each waits for a stranger, and none does any work meanwhile."""

TIMEOUT = 15.0
"""Seconds for an answer; Standard Webhooks advises 15 to 30."""

LEASE = 60.0
"""Seconds after which a delivery that was taken is taken again: above any attempt."""

SCHEDULE = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
"""Seconds from one failed attempt to the next, as Standard Webhooks has them; the first is made at once."""

MOST_TRIES = 1 + len(SCHEDULE)

SPREAD = 0.1
"""Part of a wait that is added by chance, so that what failed together does not come back together."""

GONE = 410

BUSY = (429, 503)
"""Answers whose ``Retry-After`` is heeded, where it is longer than the schedule and no longer than its longest wait."""


@dataclass(frozen=True, kw_only=True)
class Deliver:
    """Takes what is due, sends it, and keeps what came of it.

    Any number of them may run at once. A worker that dies on the way leaves a delivery that another takes after
    :data:`LEASE` seconds, under the same message id. ``messages`` write what there is to say about a job, or a run, by
    its id; ``couriers`` gives the way out for a workspace, ``secrets`` what it signs with, ``random`` numbers in
    [0, 1), and ``post`` asks a worker for the next deliveries.
    """

    deliveries: DeliveryStore
    messages: Mapping[Subject, Callable[[str], Message]]
    secrets: Callable[[str], Sequence[Secret]]
    couriers: Callable[[str], Fetcher]
    now: Callable[[], datetime]
    random: Callable[[], float]
    post: Callable[[], None] = lambda: None
    at_once: int = AT_ONCE

    def __call__(self) -> int:
        """Sends what is due, side by side, and gives the number of attempts; asks for more where there may be more."""
        taken = self.deliveries.take(limit=self.at_once, lease=LEASE)
        if taken:
            with ThreadPoolExecutor(len(taken), thread_name_prefix="delivery") as pool:
                list(pool.map(self._attempt, taken))
        if len(taken) == self.at_once:
            self.post()
        return len(taken)

    def test(self, url: str, *, workspace: str) -> int:
        """Sends a message about nothing and gives the status of the answer; raises what keeps it from going out."""
        now = self.now()
        return self._send(url, workspace, f"msg_test_{now:%Y%m%d%H%M%S%f}", trial(now)).status

    def _attempt(self, delivery: Delivery) -> None:
        if delivery.tries > MOST_TRIES:
            self._bury(delivery, None, "Every worker that took it was lost: look into their logs for the reason.")
            return
        try:
            message = self.messages[delivery.about](delivery.job)
            response = self._send(delivery.url, delivery.workspace, message.name, message.body)
        except NotFound:
            self._bury(delivery, None, "What it is about was deleted, or goes on.")
        except ForbiddenRequest as error:
            self._bury(delivery, None, error.message)
        except PacksysError as error:
            self._fail(delivery, None, error.message)
        except Exception:  # one that cannot be sent must not come back for ever
            log.exception("delivery.failed", extra={"job": delivery.job})
            self._fail(delivery, None, "packsys failed to send it: its operator finds the reason in the log.")
        else:
            self._answered(delivery, response)

    def _send(self, url: str, workspace: str, name: str, body: bytes) -> Response:
        headers = signed(self.secrets(workspace), name, body, at=self.now())
        headers = {**headers, "Content-Type": "application/json", "User-Agent": "packsys"}
        request = Request(method="POST", url=url, headers=headers, body=body, timeout=TIMEOUT)
        return self.couriers(workspace).fetch(request)

    def _answered(self, delivery: Delivery, response: Response) -> None:
        status = response.status
        if 200 <= status < 300:
            self.deliveries.delivered(delivery, status=status)
        elif status == GONE:
            self._bury(delivery, status, "The callback says that it is gone for good (410).")
        else:
            self._fail(
                delivery,
                status,
                f"The callback answered {status}: it must answer with 200 to 299.",
                self._pause(response),
            )

    def _pause(self, response: Response) -> float:
        asked = retry_after(response.headers, self.now().timestamp()) if response.status in BUSY else None
        return min(asked or 0.0, max(SCHEDULE))

    def _fail(self, delivery: Delivery, status: int | None, reason: str, pause: float = 0.0) -> None:
        if delivery.tries >= MOST_TRIES:
            self._bury(delivery, status, reason)
            return
        delay = max(SCHEDULE[delivery.tries - 1], pause) * (1 + SPREAD * self.random())
        if self.deliveries.postpone(delivery, delay=delay, status=status, reason=reason):
            log.info("delivery.postponed", extra={"job": delivery.job, "status": status, "seconds": round(delay)})

    def _bury(self, delivery: Delivery, status: int | None, reason: str) -> None:
        if self.deliveries.bury(delivery, status=status, reason=reason):
            log.warning("delivery.dead", extra={"job": delivery.job, "status": status, "reason": reason})
