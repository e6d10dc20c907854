"""Accepts a formula: parse, bind, keep, then send."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packsys.errors import NotReady, RequestError
from packsys.language.codec import dumps
from packsys.language.compile import Compiled
from packsys.model import Job, Submission
from packsys.ports import JobStore
from packsys.values import from_plain, to_json

log = logging.getLogger(__name__)

LONGEST = 86_000.0
"""The longest deadline in seconds: below the day for which Celery keeps a chord's counters."""

CALLBACK = r"^https?://[A-Za-z0-9.\-\[\]:]{1,253}([/?][!-~]{0,1500})?$"
"""What the address of a callback looks like; whether it may be reached is decided when a message goes out."""

_CALLBACK = re.compile(CALLBACK.removesuffix("$"))

TERMS: Mapping[str, tuple[type, ...]] = {
    "formula": (str,),
    "workspace": (str,),
    "asked_by": (str,),
    "idempotency_key": (str,),
    "timeout": (float, int),
    "timezone": (str,),
    "actions": (bool,),
    "callback": (str,),
}
"""What a submission may say, and in which types."""


@dataclass(frozen=True, kw_only=True)
class Submit:
    """Keeps a job for a formula that can be run, and sends its first wave after that is committed.

    When the wave cannot be sent the job stands accepted all the same: the reconciler sends it. ``may_call_back``
    raises what keeps a workspace from having callbacks.
    """

    compile: Callable[[Submission], Compiled]
    jobs: JobStore
    advance: Callable[[str], None]
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    may_call_back: Callable[[str], None] = lambda workspace: None

    def __call__(self, submission: Submission) -> Job:
        """Gives the accepted job, or the earlier one with the same idempotency key.

        Raises FormulaError, RequestError, Conflict and IdempotencyMismatch; nothing is kept then.
        """
        job = self._job(submission)
        kept = self.jobs.accept(job, idempotency_key=submission.idempotency_key, fingerprint=fingerprint(submission))
        if kept.id == job.id:
            self._send(job.id)
        return kept

    def _job(self, submission: Submission) -> Job:
        check(submission)
        if submission.callback is not None:
            self.may_call_back(submission.workspace)
        compiled = self.compile(submission)
        now = self.now()
        return Job(
            id=self.new_id(),
            workspace=submission.workspace,
            formula=submission.formula,
            tree=dumps(compiled.tree),
            variables=submission.variables,
            asked_by=submission.asked_by,
            timezone=submission.timezone,
            accepted_at=now,
            deadline=now + timedelta(seconds=submission.timeout),
            callback=submission.callback,
        )

    def _send(self, job: str) -> None:
        try:
            self.advance(job)
        except NotReady as error:
            log.warning("job.unsent", extra={"job": job, "cause": error.message})


def submission(formula: str, variables: Mapping[str, Any], terms: Mapping[str, Any]) -> Submission:
    """Reads a submission from plain JSON that nobody has checked yet; raises RequestError."""
    for name, value in {"formula": formula, **terms}.items():
        if name not in TERMS:
            raise RequestError(f"There is no term {name!r}: there are {', '.join(TERMS)}.")
        if isinstance(value, bool) is not (TERMS[name] == (bool,)) or not isinstance(value, TERMS[name]):
            raise RequestError(f"The term {name!r} is {value!r}: it must be {TERMS[name][0].__name__}.")
    if not isinstance(variables, Mapping):
        raise RequestError("The variables must be an object of names and values.")
    return Submission(formula=formula, variables={name: from_plain(each) for name, each in variables.items()}, **terms)


def check(submission: Submission) -> None:
    """Refuses terms that no job can have; raises RequestError."""
    if not 0 < submission.timeout <= LONGEST:
        raise RequestError(f"The timeout must be above 0 and at most {LONGEST:g} seconds.")
    if submission.callback is not None and not _CALLBACK.fullmatch(submission.callback):
        raise RequestError("The callback is no address such as https://example.com/hook: give one without a user.")
    try:
        ZoneInfo(submission.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RequestError(
            f"{submission.timezone!r} is not a time zone: use an IANA name such as 'Europe/Oslo'."
        ) from error


def fingerprint(submission: Submission) -> str:
    """Tells two requests apart that came with the same idempotency key."""
    variables = {name: to_json(value) for name, value in submission.variables.items()}
    terms = [submission.formula, variables, submission.timeout, submission.timezone, submission.actions]
    if submission.callback is not None:  # so that requests of a former release keep their fingerprints
        terms.append(submission.callback)
    return hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()
