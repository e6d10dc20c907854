"""A cancelled job begins nothing more, though its calls lie in the queue."""

from __future__ import annotations

from datetime import datetime

import pytest

from packsys.client import Packsys

pytestmark = pytest.mark.slow

CALLS = 60


def test_no_step_starts_after_the_cancel_and_the_next_job_is_soon_answered(service: Packsys) -> None:
    job = service.submit(f"Sequence(1, {CALLS}).FormulaMap(Probe::Sleep(0.2, CurrentValue)).Sum()").id
    next(event for event in service.events(job) if event.kind == "step.done")
    assert service.cancel(job).state == "cancelled"
    assert service.run("Probe::Echo(1)") == 1  # what came behind the calls: all of them have been looked at
    seen = service.job(job)
    ended = datetime.fromisoformat(seen.report["finished_at"])
    begun = [datetime.fromisoformat(step["started_at"]) for step in seen.report["steps"] if step["started_at"]]
    assert 0 < len(begun) < CALLS
    assert max(begun) <= ended
    assert [event.kind for event in service.events(job)][-1] == "job.cancelled"
