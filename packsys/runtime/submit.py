"""Accepts a formula: parse, bind, keep, then send."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packsys.errors import RequestError
from packsys.language.compile import Compiled
from packsys.language.locales import DEFAULT, tag_of
from packsys.language.nodes import Node
from packsys.model import Job, Priority, Submission
from packsys.ports import Dispatcher, JobStore, Pressure
from packsys.runtime.opening import Heavy
from packsys.runtime.sending import send_kept
from packsys.turns import Opening, Start
from packsys.values import Failure, from_plain, to_json

LONGEST = 86_000.0
"""The longest deadline in seconds: below the day for which Celery keeps a chord's counters."""

_GROUP = "[0-9A-Fa-f]{1,4}"
_HALVES = "|".join(f"({_GROUP}:){{1,{7 - after}}}(:{_GROUP}){{1,{after}}}" for after in range(1, 7))
_ADDRESS = f"({_GROUP}:){{7}}{_GROUP}|({_GROUP}:){{1,7}}:|{_HALVES}|:((:{_GROUP}){{1,7}}|:)"  # RFC 4291, 2.2

CALLBACK = rf"^https?://([A-Za-z0-9.\-]{{1,253}}|\[({_ADDRESS})\])(:[0-9]{{1,5}})?([/?][!-~]{{0,1500}})?$"
"""What the address of a callback looks like; whether it may be reached is decided when a message goes out."""

_CALLBACK = re.compile(CALLBACK.removesuffix("$"))

TERMS: Mapping[str, tuple[type, ...]] = {
    "formula": (str,),
    "workspace": (str,),
    "asked_by": (str,),
    "idempotency_key": (str,),
    "timeout": (float, int),
    "timezone": (str,),
    "locale": (str,),
    "priority": (str,),
    "actions": (bool,),
    "callback": (str,),
}
"""What a submission may say, and in which types."""


@dataclass(frozen=True, kw_only=True)
class Submit:
    """Keeps a job for a formula that can be run, with its first wave, and sends that after it is committed.

    When the wave cannot be sent the job stands accepted all the same: the reconciler sends it. ``may_call_back``
    raises what keeps a workspace from having callbacks.
    """

    compile: Callable[[Submission], Compiled]
    open: Callable[[Sequence[tuple[Job, Node]]], Sequence[Opening | Heavy]]
    jobs: JobStore
    dispatcher: Dispatcher
    pressure: Pressure
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    may_call_back: Callable[[str], None] = lambda workspace: None

    def __call__(self, submission: Submission) -> Job:
        """Gives the accepted job, or the earlier one with the same idempotency key.

        Raises FormulaError, RequestError, Conflict, IdempotencyMismatch and Overloaded; nothing is kept then.
        """
        submission = self.checked(submission)
        self.pressure.check()
        (start,) = self.starts([(submission, self.compile(submission))])
        if isinstance(start, Heavy):
            raise start
        kept = self.jobs.accept(
            start.job,
            idempotency_key=start.idempotency_key,
            fingerprint=start.fingerprint,
            opening=start.opening,
        )
        if kept.id == start.job.id and start.opening.wave:
            self.send([start])
        return kept

    def checked(self, submission: Submission) -> Submission:
        """Gives the submission as :func:`checked` does; raises what keeps it from having its callback."""
        submission = checked(submission)
        if submission.callback is not None:
            self.may_call_back(submission.workspace)
        return submission

    def starts(self, asked: Sequence[tuple[Submission, Compiled]]) -> Sequence[Start | Heavy]:
        """Makes jobs and looks how far they come."""
        jobs = [(self._job(submission, compiled), compiled.tree) for submission, compiled in asked]
        found = zip(asked, jobs, self.open(jobs), strict=True)
        return [_start(submission, job, opening) for (submission, _), (job, _), opening in found]

    def send(self, starts: Sequence[Start]) -> None:
        """Sends the first waves of accepted jobs; what the queue does not take is sent later."""
        waves = [(each.steps[len(each.opening.answered) :], each.job.route) for each in starts]
        send_kept(lambda: self.dispatcher.waves(waves), jobs=[each.job.id for each in starts])

    def _job(self, submission: Submission, compiled: Compiled) -> Job:
        now = self.now()
        return Job(
            id=self.new_id(),
            workspace=submission.workspace,
            formula=submission.formula,
            tree=compiled.text,
            variables=submission.variables,
            asked_by=submission.asked_by,
            timezone=submission.timezone,
            locale=submission.locale,
            priority=submission.priority,
            asked_at=now,
            accepted_at=now,
            deadline=now + timedelta(seconds=submission.timeout),
            callback=submission.callback,
        )


def _start(submission: Submission, job: Job, opening: Opening | Heavy) -> Start | Heavy:
    if isinstance(opening, Heavy):
        return opening
    key = submission.idempotency_key
    told_apart = "" if key is None else fingerprint(submission)
    return Start(job=job, opening=opening, idempotency_key=key, fingerprint=told_apart)


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


def checked(submission: Submission) -> Submission:
    """Gives the submission with its locale as a language tag; raises RequestError for terms that no job can have."""
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
    locale, priority = _locale(submission.locale), _priority(submission.priority)
    if locale == submission.locale and priority is submission.priority:
        return submission
    return replace(submission, locale=locale, priority=priority)


def _priority(name: str) -> Priority:
    try:
        return Priority(name)
    except ValueError as error:
        raise RequestError(f"{name[:40]!r} is not a priority: there are {', '.join(Priority)}.") from error


def _locale(name: str) -> str:
    try:
        return tag_of(name)
    except Failure as problem:
        raise RequestError(
            f"{name[:40]!r} is not a locale: use a language tag such as 'en', 'de-AT' or 'zh-CN'."
        ) from problem


def fingerprint(submission: Submission) -> str:
    """Tells two requests apart that came with the same idempotency key."""
    variables = {name: to_json(value) for name, value in submission.variables.items()}
    terms: list[object] = [
        submission.formula,
        variables,
        float(submission.timeout),
        submission.timezone,
        submission.actions,
    ]
    # What is not said is left out, so that requests of a former release keep their fingerprints.
    if submission.callback is not None:
        terms.append(submission.callback)
    if submission.locale != DEFAULT:
        terms.append(submission.locale)
    if submission.priority != Priority.INTERACTIVE:
        terms.append(submission.priority)
    return hashlib.sha256(json.dumps(terms, sort_keys=True).encode()).hexdigest()
