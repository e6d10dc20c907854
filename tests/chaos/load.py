"""The clients: they submit jobs over HTTP and by Celery, retry, cancel, follow, and write down what they are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from packsys.client import Job, Packsys, Refused, StillRunning, Unreachable
from packsys.errors import PacksysError
from tests.chaos.history import Order, Told

CLIENTS = 24
"""Jobs that are under way at once."""


class Load:
    """Works a list of orders off, many at once; ``told`` is its history."""

    def __init__(self, url: str, key: str, state_url: str, orders: Sequence[Order], *, timeout: float) -> None:
        self.told: list[Told] = []
        self.ended = 0
        self._orders, self._timeout = orders, timeout
        self._client = Packsys(url, key, patience=timeout)
        self._celery = Celery(broker=state_url, set_as_current=False)
        self._celery.conf.task_publish_retry = False
        self._celery.conf.broker_transport_options = {"socket_timeout": 5, "socket_connect_timeout": 2}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(CLIENTS)

    def start(self) -> None:
        """Begins; returns at once."""
        for order in self._orders:
            self._pool.submit(self._work, order)

    @property
    def done(self) -> bool:
        """Tells whether every client has come to its end."""
        return self.ended == len(self._orders)

    def has_ended(self, jobs: float) -> bool:
        """Tells whether so many clients have come to their end."""
        return self.ended >= jobs

    def close(self) -> None:
        """Sends nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    def probe(self, order: Order) -> None:
        """Submits an old order again, and then another one under its key."""
        self._submit(order)
        other = Order(label=order.label, shape="other", formula="1 + 1")
        self._submit(other, what="other")

    def _work(self, order: Order) -> None:
        try:
            self._serve(order)
        except PacksysError as error:
            self._tell(order, "silence", code=error.code)
        except Exception as error:  # a client that breaks is a finding, too
            self._tell(order, "silence", code=type(error).__name__)
        finally:
            with self._lock:
                self.ended += 1

    def _serve(self, order: Order) -> None:
        if order.by_celery:
            terms: dict[str, Any] = {"timeout": self._timeout, "actions": True, "idempotency_key": order.label}
            self._send("submit", order.formula, **terms)
        job = self._submit(order, together=order.twice)
        if job is None:
            return
        if order.twice:
            self._submit(order)
        if order.cancelled:
            self._send("cancel", job.id)
            self._see(order, self._client.cancel(job.id), "cancelled")
        if order.watched:
            self._watch(order, job.id)
        with suppress(StillRunning):
            self._see(order, self._client.wait(job.id, timeout=self._timeout), "seen")

    def _submit(self, order: Order, *, what: str = "accepted", together: bool = False) -> Job | None:
        terms: dict[str, Any] = {"timeout": self._timeout, "actions": True, "idempotency_key": order.label}
        try:
            job = self._together(order, terms) if together else self._client.submit(order.formula, **terms)
        except (Refused, Unreachable) as error:
            self._tell(order, "refused" if what == "accepted" else what, code=error.code)
            return None
        self._see(order, job, what)
        return job

    def _together(self, order: Order, terms: Mapping[str, Any]) -> Job:
        (answer,) = self._client.submit_many([{"formula": order.formula, **terms}])
        if isinstance(answer, Refused):
            raise answer
        return answer

    def _send(self, task: str, *args: str, **terms: object) -> None:
        with suppress(OperationalError, OSError):  # there is no answer either: the same is asked over HTTP
            self._celery.send_task(f"packsys.jobs.{task}", args=args, kwargs=terms, ignore_result=True)

    def _watch(self, order: Order, job: str) -> None:
        for event in self._client.events(job):
            self._tell(order, "event", job=job, state=event.kind, value=event.number)

    def _see(self, order: Order, job: Job, what: str) -> None:
        code = (job.report["error"] or {}).get("code", "")
        self._tell(order, what, job=job.id, state=job.state, value=job.report["value"], code=code)

    def _tell(self, order: Order, what: str, **more: object) -> None:
        told = Told(at=time.time(), label=order.label, what=what, **more)  # type: ignore[arg-type]
        with self._lock:
            self.told.append(told)
