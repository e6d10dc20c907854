"""Evaluates formulas over the HTTP service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any
from uuid import uuid4

from packsys.client.batches import batches
from packsys.client.connections import Connections
from packsys.client.deliveries import Deliveries
from packsys.client.errors import Refused
from packsys.client.jobs import Event, Job, StillRunning
from packsys.client.packs import Packs
from packsys.client.syncs import SyncTables
from packsys.client.transport import LONGEST_WAIT, Transport, View

GRACE = 30.0
"""Seconds after a job's own deadline for which its end is waited for."""


class Packsys:
    """Talks to one service with one key; use it as a context manager, or call :meth:`close`.

    ``connections`` are the workspace's accounts, ``syncs`` its sync tables, ``packs`` the published packs,
    ``deliveries`` the messages to callbacks. ``patience`` is for how many seconds a service that does not answer, or is
    busy, is asked again. One client may be used by several threads.
    """

    def __init__(
        self,
        url: str,
        key: str,
        *,
        patience: float = 30.0,
        sleep: Callable[[float], None] = time.sleep,
        new_key: Callable[[], str] = lambda: str(uuid4()),
    ) -> None:
        """Takes the address of the service and an API key; raises ValueError when the address is none."""
        self.transport = Transport(url, key, patience=patience, sleep=sleep)
        self._new_key = new_key
        self.connections = Connections(self.transport)
        self.syncs = SyncTables(self.transport)
        self.packs = Packs(self.transport)
        self.deliveries = Deliveries(self.transport)

    def __enter__(self) -> Packsys:
        """Gives the client itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the client."""
        self.close()

    def close(self) -> None:
        """Closes its connections to the service."""
        self.transport.close()

    def run(self, formula: str, *, timeout: float = 300.0, **terms: Any) -> Any:
        """Evaluates a formula and gives its value as plain JSON; takes what :meth:`submit` takes.

        Raises Refused for a formula that cannot be run, JobFailed for one that gives an error, Unreachable.
        """
        job = self.submit(formula, timeout=timeout, wait=min(LONGEST_WAIT, timeout), **terms)
        return (job if job.ended else self.wait(job.id)).result()

    def submit(
        self,
        formula: str,
        *,
        variables: Mapping[str, Any] | None = None,
        timeout: float = 300.0,
        timezone: str = "UTC",
        locale: str = "en",
        priority: str = "interactive",
        actions: bool = False,
        wait: float = 0.0,
        callback: str | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Starts a job and gives it, after up to ``wait`` seconds as ended, else as accepted.

        ``timeout`` is the seconds after which the job fails, ``locale`` the language tag that texts are written for.
        ``priority`` is ``interactive``, ``scheduled`` or ``backfill``: whose calls go first when workers are busy.
        ``callback`` is an address that gets a signed message when the job has ended. The same ``idempotency_key`` gives
        the same job, from any process; without one, each call of this method is a job of its own. Raises Refused,
        Unreachable.
        """
        asked = {
            "formula": formula,
            "variables": dict(variables or {}),
            "timeout": timeout,
            "timezone": timezone,
            "locale": locale,
            "priority": priority,
            "actions": actions,
            "wait": wait,
            **({"callback": callback} if callback is not None else {}),
        }
        headers = {"Idempotency-Key": idempotency_key or self._new_key()}
        return Job(self.transport.view("POST", "/v1/jobs", json=asked, headers=headers))

    def submit_many(self, asked: Iterable[str | Mapping[str, Any]]) -> Sequence[Job | Refused]:
        """Starts many jobs, a thousand in a request, and gives for each its job, or why there is none.

        Each is a formula, or a mapping of ``formula`` and the terms of :meth:`submit` but ``wait``; terms that are not
        named are as there. A wrong one troubles no other. Where every one has an ``idempotency_key``, the whole may be
        repeated whatever became of it. Raises Refused where the service takes none, Unreachable.
        """
        whole = [{"formula": each} if isinstance(each, str) else dict(each) for each in asked]
        keyed = [{"timeout": 300.0, "idempotency_key": self._new_key(), **each} for each in whole]
        answers = (self.transport.view("POST", "/v1/batches", json={"jobs": batch}) for batch in batches(keyed))
        return [_became(item) for answer in answers for item in answer["jobs"]]

    def job(self, job_id: str, *, wait: float = 0.0, steps: bool = True) -> Job:
        """Gives a job as it is now, or as soon as it has ended within ``wait`` seconds (30 at most).

        Without ``steps`` the report does not list them, which costs less for a job with thousands.
        """
        return Job(self.transport.view("GET", f"/v1/jobs/{job_id}", params={"wait": wait, "steps": steps}))

    def wait(self, job_id: str, *, timeout: float | None = None) -> Job:
        """Waits until a job has ended, whatever its end; raises StillRunning after ``timeout`` seconds.

        By default that is the time the job itself is given, and half a minute.
        """
        job = self.job(job_id)
        until = time.monotonic() + (job.allowed + GRACE if timeout is None else timeout)
        while not job.ended:
            left = until - time.monotonic()
            if left <= 0:
                raise StillRunning
            job = self.job(job_id, wait=min(LONGEST_WAIT, left))
        return job

    def cancel(self, job_id: str) -> Job:
        """Ends a job; one that has ended stays as it is."""
        return Job(self.transport.view("DELETE", f"/v1/jobs/{job_id}"))

    def events(self, job_id: str, *, after: int = 0) -> Iterator[Event]:
        """Follows a job from the event after the given one to its last; a broken stream is taken up again."""
        for told in self.transport.follow(f"/v1/jobs/{job_id}/events", after):
            event = Event.of(told)
            yield event
            if event.last:
                return

    def clear_cache(self, *tags: str) -> Sequence[str]:
        """Forgets kept results of the workspace, all or those with a tag, and gives the tags as the service names them.

        A tag is such as ``pack:1013``, ``pack:1013@1.2.0``, ``formula:1013:Repos`` or ``connection:ID``.
        """
        forgotten: Sequence[str] = self.transport.view("DELETE", "/v1/cache", params={"tag": tags})["tags"]
        return forgotten

    def plan(
        self,
        formula: str,
        *,
        variables: Mapping[str, Any] | None = None,
        timezone: str = "UTC",
        locale: str = "en",
        actions: bool = False,
    ) -> View:
        """Gives a formula's tree, steps and waves without running it; raises Refused."""
        terms = {"timezone": timezone, "locale": locale, "actions": actions}
        asked = {"formula": formula, "variables": dict(variables or {}), **terms}
        return self.transport.view("POST", "/v1/formulas/plan", json=asked)

    def assist(
        self,
        formula: str,
        position: int,
        *,
        variables: Mapping[str, Any] | None = None,
        actions: bool = False,
        most: int = 50,
    ) -> View:
        """Gives what an editor shows at a position: completions (``most`` of them), hover, signature, diagnostics.

        ``position`` and all offsets are code points, as in ``formula`` itself.
        """
        asked = {"variables": dict(variables or {}), "actions": actions, "most": most}
        return self.transport.view(
            "POST", "/v1/formulas/editor", json={"formula": formula, "position": position, **asked}
        )


def _became(item: Mapping[str, Any]) -> Job | Refused:
    return Job(item["job"]) if "job" in item else Refused(item["problem"])
