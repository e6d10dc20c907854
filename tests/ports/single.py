"""One step at a time, where a test has but one."""

from __future__ import annotations

from packsys.model import Claim
from packsys.ports import StepStore
from packsys.turns import Committed, Settled
from packsys.values import Value


def claim_one(steps: StepStore, job: str, key: str, *, worker: str, lease: float) -> Claim | None:
    """Claims a step; None when it is held, kept, not due or ended."""
    return next(iter(steps.claim(job, [key], worker=worker, lease=lease).claims), None)


def keep_one(steps: StepStore, claim: Claim, outcome: Value, *, cached: bool = False) -> Committed | None:
    """Commits an outcome; None when the claim was lost."""
    kept = steps.keep([Settled(claim=claim, outcome=outcome, cached=cached)])
    return kept if kept.settled else None
