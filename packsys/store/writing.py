"""What goes into the functions by which jobs and steps move."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, overload

from packsys.language.codec import invocation_from_json, invocation_to_json
from packsys.language.invocation import Invocation
from packsys.model import Claim, JobState, StepState
from packsys.store.types import array, dump, escape, long_array, text_array, unescape
from packsys.turns import Ahead, Settled
from packsys.values import ErrorValue, Value, from_json, kept_text


@overload
def texts(value: str) -> str: ...
@overload
def texts(value: None) -> None: ...
def texts(value: str | None) -> str | None:
    """Writes a text as its column holds it."""
    return None if value is None else escape(value)


def value_text(value: Value) -> str | None:
    """Writes a value as its column holds it; a blank is NULL."""
    return None if value is None else kept_text(value)


def read_value(text: str | None) -> Any:
    """Reads what :func:`value_text` wrote."""
    return None if text is None else from_json(json.loads(text))


def read_text(text: str) -> str:
    """Reads what :func:`texts` wrote."""
    return unescape(text)


def read_invocation(text: str) -> Invocation:
    """Reads a call."""
    return invocation_from_json(json.loads(text))


def wave_terms(invocations: Sequence[Invocation]) -> dict[str, Any]:
    """Writes the calls of a wave as columns."""
    return {
        "keys": text_array([invocation.key for invocation in invocations]),
        "invocations": long_array([invocation_to_json(invocation, dump) for invocation in invocations]),
        "calls": text_array([invocation.name for invocation in invocations]),
        "actions": array([invocation.action for invocation in invocations]),
    }


def held(claim: Claim) -> dict[str, Any]:
    """Writes which claim is meant."""
    return {"job": texts(claim.step.job), "key": texts(claim.step.key), "attempt": claim.attempt}


def left(settled: Sequence[Settled]) -> dict[str, Any]:
    """Writes the outcomes that end claims on steps of one job, in the order of their keys."""
    ordered = sorted(settled, key=lambda each: escape(each.claim.step.key))
    return {
        "job": texts(ordered[0].claim.step.job),
        "left": text_array([each.claim.step.key for each in ordered]),
        "attempts": array([each.claim.attempt for each in ordered]),
        "states": array([state_of(each.outcome) for each in ordered]),
        "outcomes": long_array([value_text(each.outcome) for each in ordered]),
        "cached": array([each.cached for each in ordered]),
        "details": long_array([kept_text(detail_of(each)) for each in ordered]),
    }


def ahead_terms(ahead: Sequence[Ahead], worker: str) -> dict[str, Any]:
    """Writes calls that were made before anything told of them, in the order in which they were made."""
    settled = [each.settled for each in ahead]
    steps = [each.claim.step for each in settled]
    calls = wave_terms([step.invocation for step in steps])
    return {
        "by": texts(worker),
        "ahead": calls["keys"],
        "ahead_invocations": calls["invocations"],
        "ahead_calls": calls["calls"],
        "ahead_waves": array([step.wave for step in steps]),
        "ahead_states": array([state_of(each.outcome) for each in settled]),
        "ahead_outcomes": long_array([value_text(each.outcome) for each in settled]),
        "ahead_cached": array([each.cached for each in settled]),
        "ahead_details": long_array([kept_text(detail_of(each)) for each in settled]),
        "ahead_began": array([each.began for each in ahead]),
        "ahead_ended": array([each.ended for each in ahead]),
    }


def those(settled: Sequence[Settled], keys: Sequence[str]) -> tuple[Settled, ...]:
    """Gives those of some outcomes whose keys are listed as they are written, in that order."""
    written = {texts(each.claim.step.key): each for each in settled}
    return tuple(written[key] for key in keys)


def state_of(outcome: Value) -> StepState:
    """Gives the state of a step with an outcome."""
    return StepState.FAILED if isinstance(outcome, ErrorValue) else StepState.DONE


def end_of(outcome: Value) -> JobState:
    """Gives the state of a job with an outcome."""
    return JobState.FAILED if isinstance(outcome, ErrorValue) else JobState.DONE


def code_of(outcome: Value) -> str | None:
    """Gives the code of an outcome that is an error."""
    return outcome.code if isinstance(outcome, ErrorValue) else None


def detail_of(settled: Settled) -> dict[str, Value]:
    """Gives what the event of an outcome says."""
    code = {"code": settled.outcome.code} if isinstance(settled.outcome, ErrorValue) else {}
    return {"cached": settled.cached, **code}
