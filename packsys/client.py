"""Talks to the HTTP service from other programs.

::

    with Packsys("https://packsys.example.com", "pk_…") as packsys:
        print(packsys.run("=GitHub::Repos([my account]).Count()"))

It imports nothing of packsys but its errors. What fails on the way is sent again, under one idempotency key, so
that a formula is never evaluated twice for one call.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any
from uuid import uuid4

import httpx
from httpx_sse import connect_sse

from packsys.errors import Actor, PacksysError
from packsys.syncclient import SyncTables

FINAL = ("done", "failed", "cancelled")
BUSY = (429, 502, 503, 504)
LONGEST_WAIT = 30.0
"""Seconds that one request waits on the service, which takes no more."""

MOST = 1_000
"""Formulas that the service takes in one request."""

LARGEST = 900_000
"""Bytes of formulas and terms in one request; the service takes no more than a megabyte."""

GRACE = 30.0
"""Seconds after a job's own deadline for which its end is waited for."""

_SLACK = httpx.Timeout(10.0, read=LONGEST_WAIT + 15.0)  # above the silence between two keep-alives, too


class Refused(PacksysError):
    """The service refused the request.

    ``problem`` is the whole problem document (RFC 9457), ``drawing`` shows the place in a wrong formula.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        """Takes the problem document."""
        super().__init__(problem.get("detail"), retry_after=problem.get("retry_after"))
        self.problem = problem
        self.code = problem.get("code", self.code)
        self.actor = Actor(problem.get("actor", self.actor))
        self.retryable = bool(problem.get("retryable", False))
        self.status = int(problem.get("status", 0))
        self.drawing: str = problem.get("formula", {}).get("drawing", "")

    def __str__(self) -> str:
        """Shows the place where there is one."""
        return self.drawing or self.message


class Unreachable(PacksysError):
    """The service does not answer."""

    code = "Unreachable"
    actor = Actor.TIME
    retryable = True


class StillRunning(PacksysError):
    """The job has not ended in time: it goes on, ask for it later."""

    code = "StillRunning"
    actor = Actor.TIME
    retryable = True


class JobFailed(PacksysError):
    """The job has ended without a value; ``code``, ``message`` and ``actor`` are those of its error."""

    def __init__(self, job: Job) -> None:
        """Takes the ended job."""
        error = job.report["error"] or {"code": "Cancelled", "message": "The job was cancelled.", "actor": "caller"}
        super().__init__(error["message"], retry_after=error.get("retry_after"))
        self.job = job
        self.code = error["code"]
        self.actor = Actor(error["actor"])
        self.retryable = error.get("retryable", False)


@dataclass(frozen=True)
class Job:
    """Is a job as the service last described it; ``report`` is its JSON."""

    report: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Gives the job's id."""
        return str(self.report["id"])

    @property
    def state(self) -> str:
        """Gives the state: accepted, running, done, failed or cancelled."""
        return str(self.report["state"])

    @property
    def ended(self) -> bool:
        """Tells whether the job will not change any more."""
        return self.state in FINAL

    @property
    def progress(self) -> Mapping[str, Any]:
        """Gives the number of steps by state, ``total``, ``cached``, ``waves``, and why steps wait (``waits``).

        Nothing for a job of :meth:`Packsys.submit_many`, until it is asked for.
        """
        progress: Mapping[str, Any] = self.report.get("progress", {})
        return progress

    def result(self) -> Any:
        """Gives the value of a job that is done; raises JobFailed and StillRunning."""
        if self.state == "done":
            return self.report["value"]
        raise JobFailed(self) if self.ended else StillRunning()


@dataclass(frozen=True)
class Event:
    """Is one transition of a job, or of one of its steps when ``step`` is not None."""

    number: int
    kind: str
    step: str | None
    at: str
    detail: Mapping[str, Any]

    @property
    def last(self) -> bool:
        """Tells whether no event comes after this one."""
        return self.kind in ("job.done", "job.failed", "job.cancelled")


class Packsys:
    """Talks to one service with one key; use it as a context manager, or call :meth:`close`.

    ``syncs`` are the workspace's sync tables. ``patience`` is for how many seconds a service that does not answer, or
    is busy, is asked again. One client may be used by several threads.
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
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is not the address of a service: it begins with http:// or https://.")
        self.url = url
        self.patience = patience
        self.sleep = sleep
        self.new_key = new_key
        self.syncs = SyncTables(self._ask, self._follow)
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=_SLACK)

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
        self.http.close()

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
        headers = {"Idempotency-Key": idempotency_key or self.new_key()}
        return Job(self._ask("POST", "/v1/jobs", json=asked, headers=headers))

    def submit_many(self, asked: Iterable[str | Mapping[str, Any]]) -> Sequence[Job | Refused]:
        """Starts many jobs, a thousand in a request, and gives for each its job, or why there is none.

        Each is a formula, or a mapping of ``formula`` and the terms of :meth:`submit` but ``wait``; terms that are not
        named are as there. A wrong one troubles no other. Where every one has an ``idempotency_key``, the whole may be
        repeated whatever became of it. Raises Refused where the service takes none, Unreachable.
        """
        whole = [{"formula": each} if isinstance(each, str) else dict(each) for each in asked]
        keyed = [{"timeout": 300.0, "idempotency_key": self.new_key(), **each} for each in whole]
        answers = (self._object("POST", "/v1/batches", json={"jobs": batch}) for batch in _batches(keyed))
        return [_became(item) for answer in answers for item in answer["jobs"]]

    def job(self, job_id: str, *, wait: float = 0.0, steps: bool = True) -> Job:
        """Gives a job as it is now, or as soon as it has ended within ``wait`` seconds (30 at most).

        Without ``steps`` the report does not list them, which costs less for a job with thousands.
        """
        return Job(self._ask("GET", f"/v1/jobs/{job_id}", params={"wait": wait, "steps": steps}))

    def wait(self, job_id: str, *, timeout: float | None = None) -> Job:
        """Waits until a job has ended, whatever its end; raises StillRunning after ``timeout`` seconds.

        By default that is the time the job itself is given, and half a minute.
        """
        job = self.job(job_id)
        until = time.monotonic() + (_allowed(job) if timeout is None else timeout)
        while not job.ended:
            left = until - time.monotonic()
            if left <= 0:
                raise StillRunning
            job = self.job(job_id, wait=min(LONGEST_WAIT, left))
        return job

    def cancel(self, job_id: str) -> Job:
        """Ends a job; one that has ended stays as it is."""
        return Job(self._ask("DELETE", f"/v1/jobs/{job_id}"))

    def deliveries(self, *, state: str | None = None) -> Sequence[Mapping[str, Any]]:
        """Lists the newest hundred messages to callbacks: all, or those pending, delivered or dead."""
        asked = {"state": state} if state else {}
        listed: Sequence[Mapping[str, Any]] = self._ask("GET", "/v1/deliveries", params=asked)
        return listed

    def retry_delivery(self, delivery: str) -> Mapping[str, Any]:
        """Sends a message to a callback once more; ``delivery`` is the id of the job that it is about."""
        return self._object("POST", f"/v1/deliveries/{delivery}/retry")

    def clear_cache(self, *tags: str) -> Sequence[str]:
        """Forgets kept results of the workspace, all or those with a tag, and gives the tags as the service names them.

        A tag is such as ``pack:1013``, ``pack:1013@1.2.0``, ``formula:1013:Repos`` or ``connection:ID``.
        """
        forgotten: Sequence[str] = self._object("DELETE", "/v1/cache", params={"tag": tags})["tags"]
        return forgotten

    def events(self, job_id: str, *, after: int = 0) -> Iterator[Event]:
        """Follows a job from the event after the given one to its last; a broken stream is taken up again."""
        for told in self._follow(f"/v1/jobs/{job_id}/events", after):
            event = _event(told)
            yield event
            if event.last:
                return

    def plan(
        self,
        formula: str,
        *,
        variables: Mapping[str, Any] | None = None,
        timezone: str = "UTC",
        locale: str = "en",
        actions: bool = False,
    ) -> Mapping[str, Any]:
        """Gives a formula's tree, steps and waves without running it; raises Refused."""
        terms = {"timezone": timezone, "locale": locale, "actions": actions}
        asked = {"formula": formula, "variables": dict(variables or {}), **terms}
        answer: Mapping[str, Any] = self._ask("POST", "/v1/formulas/plan", json=asked)
        return answer

    def assist(
        self,
        formula: str,
        position: int,
        *,
        variables: Mapping[str, Any] | None = None,
        actions: bool = False,
        most: int = 50,
    ) -> Mapping[str, Any]:
        """Gives what an editor shows at a position: completions (``most`` of them), hover, signature, diagnostics.

        ``position`` and all offsets are code points, as in ``formula`` itself.
        """
        asked = {"variables": dict(variables or {}), "actions": actions, "most": most}
        return self._object("POST", "/v1/formulas/editor", json={"formula": formula, "position": position, **asked})

    def connect(
        self,
        *,
        pack: str,
        name: str,
        token: str | None = None,
        fields: Mapping[str, str] | None = None,
        endpoint: str = "",
        connection: str | None = None,
    ) -> Mapping[str, Any]:
        """Connects an account with its token or its fields, or replaces the one with the id ``connection``."""
        secret: dict[str, Any] = {"fields": dict(fields)} if fields else {"token": token}
        asked = {"pack": pack, "name": name, "endpoint": endpoint, "id": connection or str(uuid4()), **secret}
        return self._object("POST", "/v1/connections", json=asked)

    def connections(self) -> Sequence[Mapping[str, Any]]:
        """Lists the connected accounts of the workspace."""
        listed: Sequence[Mapping[str, Any]] = self._ask("GET", "/v1/connections")
        return listed

    def disconnect(self, connection: str) -> Mapping[str, Any]:
        """Ends an account, here and at its service; gives its row."""
        return self._object("DELETE", f"/v1/connections/{connection}")

    def audit(self, connection: str) -> Mapping[str, Any]:
        """Tells what happened to an account."""
        return self._object("GET", f"/v1/connections/{connection}/audit")

    def set_oauth_client(self, pack: str, *, client_id: str, client_secret: str = "") -> Mapping[str, Any]:
        """Sets what the workspace is to the service of a pack."""
        asked = {"client_id": client_id, "client_secret": client_secret}
        return self._object("PUT", f"/v1/packs/{pack}/oauth-client", json=asked)

    def begin_sign_in(
        self, *, pack: str, name: str, redirect: str, endpoint: str = "", connection: str | None = None
    ) -> Mapping[str, Any]:
        """Begins to sign in for an account; the person comes back to ``redirect``, a loopback address."""
        asked = {"pack": pack, "name": name, "redirect_uri": redirect, "endpoint": endpoint}
        more = {"connection": connection} if connection else {}
        return self._object("GET", "/v1/oauth/start", params={**asked, **more})

    def finish_sign_in(self, query: str) -> None:
        """Hands on what the person came back with; this client has begun the sign-in, and no other can finish it."""
        try:
            response = self.http.get(f"/v1/oauth/callback?{query}")
        except _NO_ANSWER as error:
            raise _unreachable(self.url, error) from error
        if response.is_error:
            _answer(response)

    def _object(self, method: str, path: str, **options: Any) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self._ask(method, path, **options)
        return answer

    def publish(self, archive: bytes) -> Mapping[str, Any]:
        """Publishes a pack version from its archive, and gives its row; the same archive again is harmless.

        Raises Refused, whose ``problem`` names everything that is wrong with the pack under ``errors``.
        """
        headers = {"Content-Type": "application/zip"}
        answer: Mapping[str, Any] = self._ask("POST", "/v1/packs", content=archive, headers=headers)
        return answer

    def packs(self) -> Sequence[Mapping[str, Any]]:
        """Lists the packs by name, each in its newest version."""
        answer: Sequence[Mapping[str, Any]] = self._ask("GET", "/v1/packs")
        return answer

    def pack(self, pack_id: int) -> Mapping[str, Any]:
        """Gives a pack in its newest version."""
        answer: Mapping[str, Any] = self._ask("GET", f"/v1/packs/{pack_id}")
        return answer

    def versions(self, pack_id: int) -> Sequence[Mapping[str, Any]]:
        """Lists the versions of a pack, the newest first."""
        answer: Sequence[Mapping[str, Any]] = self._ask("GET", f"/v1/packs/{pack_id}/versions")
        return answer

    def manifest(self, pack_id: int, version: str) -> Mapping[str, Any]:
        """Gives what a version of a pack declares."""
        answer: Mapping[str, Any] = self._ask("GET", f"/v1/packs/{pack_id}/versions/{version}/manifest")
        return answer

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        patience = self._patient()
        while True:
            try:
                return _answer(self.http.request(method, path, **options))
            except _NO_ANSWER as error:
                patience.bear(_unreachable(self.url, error))
            except Refused as refused:
                patience.bear(refused)

    def _follow(self, path: str, after: int) -> Iterator[Mapping[str, Any]]:
        """Gives the events of a stream until there is nothing more; one that breaks off is taken up again."""
        patience = self._patient()
        while True:
            try:
                for event in self._stream(path, after):
                    yield event
                    after, patience = event["number"], self._patient()
                patience.bear(Unreachable("The stream of events broke off."))
            except _NO_ANSWER as error:
                patience.bear(_unreachable(self.url, error))
            except _NothingMore:
                return
            except Refused as refused:
                patience.bear(refused)

    def _stream(self, path: str, after: int) -> Iterator[Mapping[str, Any]]:
        headers = {"Last-Event-ID": str(after)}
        with connect_sse(self.http, "GET", path, headers=headers) as source:
            if source.response.status_code == 204:
                raise _NothingMore
            if source.response.is_error:
                source.response.read()
                _answer(source.response)
            for sent in source.iter_sse():
                if sent.data:  # httpx-sse gives out the blank line behind a comment that keeps the stream open, too
                    yield json.loads(sent.data)

    def _patient(self) -> _Patience:
        return _Patience(time.monotonic() + self.patience, self.sleep)


class _NothingMore(Exception):
    """Says that what was followed has ended, and all its events are known."""


@dataclass
class _Patience:
    """Bears trouble until a point in time, with growing pauses (exponential with full jitter)."""

    until: float
    sleep: Callable[[float], None]
    pause: float = 0.1

    def bear(self, trouble: Refused | Unreachable) -> None:
        """Sleeps where time may help; raises the trouble where it does not, or no more."""
        if isinstance(trouble, Refused) and trouble.status not in BUSY:
            raise trouble
        pause = trouble.retry_after or random.uniform(self.pause / 2, self.pause)
        if time.monotonic() + pause > self.until:
            raise trouble
        self.sleep(pause)
        self.pause = min(5.0, self.pause * 2)


_NO_ANSWER = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)


def _answer(response: httpx.Response) -> Any:
    try:
        document = response.json()
    except ValueError:
        document = None
    if response.is_success and document is not None:
        return document
    problem = document if isinstance(document, dict) else {"detail": f"No packsys answers at {response.url}."}
    raise Refused({"status": response.status_code, **_retry_after(response), **problem})


def _batches(asked: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Parts formulas into requests that the service takes."""
    batch: list[Mapping[str, Any]] = []
    size = 0
    for each in asked:
        own = len(json.dumps(each)) + 1
        if batch and (len(batch) == MOST or size + own > LARGEST):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += own
    if batch:
        yield batch


def _became(item: Mapping[str, Any]) -> Job | Refused:
    return Job(item["job"]) if "job" in item else Refused(item["problem"])


def _retry_after(response: httpx.Response) -> dict[str, float]:
    seconds = response.headers.get("Retry-After", "")
    return {"retry_after": float(seconds)} if seconds.isdecimal() else {}


def _unreachable(url: str, error: Exception) -> Unreachable:
    return Unreachable(f"The service at {url} does not answer: {str(error) or type(error).__name__}.")


def _event(data: Mapping[str, Any]) -> Event:
    return Event(data["number"], data["kind"], data["step"], data["at"], data["detail"])


def _allowed(job: Job) -> float:
    begun, deadline = (datetime.fromisoformat(job.report[name]) for name in ("accepted_at", "deadline"))
    return (deadline - begun).total_seconds() + GRACE
