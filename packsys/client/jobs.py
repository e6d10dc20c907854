"""What the service says of a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from packsys.errors import Actor, PacksysError

FINAL = ("done", "failed", "cancelled")


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

    @property
    def allowed(self) -> float:
        """Gives the seconds from the job's acceptance to its deadline."""
        accepted, deadline = (datetime.fromisoformat(self.report[name]) for name in ("accepted_at", "deadline"))
        return (deadline - accepted).total_seconds()

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

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Event:
        """Reads an event from what the service sends."""
        return cls(told["number"], told["kind"], told["step"], told["at"], told["detail"])

    @property
    def last(self) -> bool:
        """Tells whether no event comes after this one."""
        return self.kind in ("job.done", "job.failed", "job.cancelled")
