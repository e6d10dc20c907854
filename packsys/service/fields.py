"""Names the fields that several requests have, so that they are described once."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from pydantic import BeforeValidator, ConfigDict, Field

from packsys.runtime.submit import CALLBACK

STRICT = ConfigDict(extra="forbid", strict=True, frozen=True)
"""Requests are taken literally: no unknown field, no text for a number."""


def whole(given: object) -> object:
    """Makes an integer of a float that is one."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


_GITHUB = "$$[pack:1013:::false:false:GitHub]"
_ACCOUNT = "$$[packConnectionReference:8e11cd1b-c2e1-4306-9dac-0bd95ecd5084:1013:85.0.7:false:false:hereisfun]"
REFERENCE_FORMULA = (
    f"{_GITHUB}::Repo({_GITHUB}::Repos({_ACCOUNT}).First().$$[variable::::true:false:Url], "
    f"account: {_ACCOUNT}).$$[variable::::true:false:FullName] + '测试'"
)

Formula = Annotated[
    str,
    Field(
        description="The formula, in either form: with `$$[…]` references, or as people type it.",
        examples=[REFERENCE_FORMULA],
    ),
]
Variables = Annotated[
    dict[str, Any],
    Field(description="Values for the names that the formula leaves open.", examples=[{"Limit": 3}]),
]
TimeZone = Annotated[
    str, Field(description="The IANA time zone that dates are meant in.", examples=["UTC", "Europe/Oslo"])
]
Locale = Annotated[
    str,
    Field(
        description="The language tag (BCP 47) that texts are written for where the formula names no other.",
        examples=["en", "de-AT", "zh-CN"],
    ),
]
Actions = Annotated[bool, Field(description="Whether the formula may have side effects.")]
Whole = Annotated[int, BeforeValidator(whole)]
"""A whole number, written `1` or `1.0`: JSON knows no difference."""


Callback = Annotated[
    str,
    Field(
        pattern=CALLBACK,
        description="An address that is told when it has ended, by a signed message (Standard Webhooks).",
        examples=["https://caller.example/hook"],
    ),
]
"""Where a signed message about the end of a job, or of each run of a sync table, goes."""

JobId = Annotated[UUID, Path(description="The id of a job of this workspace.")]
IdempotencyKey = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="Makes a request safe to repeat: the same key with the same request is the same job.",
    ),
]

LONGEST_WAIT = 30.0
"""Seconds that a request may wait: below the minute after which proxies give up."""

WaitQuery = Annotated[
    float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the job to end before answering.")
]
StepsQuery = Annotated[
    bool, Query(description="Whether the steps are listed. Without them, progress costs little for any number of them.")
]
