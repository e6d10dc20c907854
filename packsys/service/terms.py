"""What a formula may be asked for with, alone or with others."""

from __future__ import annotations

from pydantic import BaseModel, Field

from packsys.model import Key, Priority, Submission
from packsys.runtime.submit import LONGEST
from packsys.service.fields import (
    STRICT,
    Actions,
    Callback,
    Formula,
    IdempotencyKey,
    Locale,
    TimeZone,
    Variables,
)
from packsys.values import from_plain


class JobTerms(BaseModel):
    """Is one formula to evaluate, and the terms."""

    model_config = STRICT

    formula: Formula
    variables: Variables = Field(default_factory=dict)
    timeout: float = Field(300, gt=0, le=LONGEST, description="Seconds after which the job fails.")
    timezone: TimeZone = "UTC"
    locale: Locale = "en"
    priority: Priority = Field(
        Priority.INTERACTIVE, strict=False, description="Whose calls go first when workers are busy."
    )
    actions: Actions = False
    callback: Callback | None = None
    idempotency_key: IdempotencyKey | None = None


def submission_of(asked: JobTerms, key: Key, idempotency_key: str | None) -> Submission:
    """Turns a request into what the house takes; the workspace is the key's."""
    return Submission(
        formula=asked.formula,
        variables={name: from_plain(value) for name, value in asked.variables.items()},
        workspace=key.workspace,
        asked_by=key.id,
        idempotency_key=idempotency_key,
        timeout=asked.timeout,
        timezone=asked.timezone,
        locale=asked.locale,
        priority=asked.priority,
        actions=asked.actions,
        callback=asked.callback,
    )
