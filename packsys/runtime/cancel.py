"""Ends a job before its time."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.model import Job
from packsys.ports import JobStore


@dataclass(frozen=True)
class Cancel:
    """Stops a job's next steps; a call that runs ends by itself and changes nothing any more."""

    jobs: JobStore

    def __call__(self, job: str, workspace: str) -> Job:
        """Gives the job as it stands then; a job that has ended stays as it is. Raises NotFound."""
        self.jobs.get(job, workspace=workspace)
        self.jobs.cancel(job)
        return self.jobs.get(job, workspace=workspace)
