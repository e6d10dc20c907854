"""Jobs, calls and values to keep."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import count

from packsys.errors import Actor
from packsys.language.invocation import Invocation
from packsys.model import Connection, Job
from packsys.values import Account, ErrorValue, Origin, Value

_NUMBERS = count(1)
NOBODYS = ("absent", "", "nul\0nul", "half \ud83d of a pair", "back\\slash", "'; drop table job; --", "测试" * 500)

ERROR = ErrorValue("Api", "The service said 'no\0body' \udcff.", Actor.AUTHOR, True, 1.5, Origin(3, 9, "GitHub::Repos"))

VALUES: Mapping[str, Value] = {
    "blank": None,
    "true": True,
    "zero": 0,
    "large number": 2**80,
    "fraction": 0.1,
    "empty text": "",
    "text": "测试 \\ \" ' \n %s :name",
    "text with a NUL": "a\0b",
    "text with half a surrogate pair": "\ud83d and \ude00",
    "emoji": "😀",
    "date": date(2024, 2, 29),
    "time": datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=UTC),
    "duration": timedelta(days=-1, microseconds=1),
    "account": Account("8e11cd1b"),
    "list": [1, [2, [None]], "x"],
    "object": {"Name": "hereisfun", "": {"a\0": [ERROR]}, "$": "sign"},
    "large text": "x" * 200_000,
}


def job(
    *,
    timeout: float = 60.0,
    workspace: str = "default",
    formula: str = "=GitHub::Repos()",
    variables: Mapping[str, Value] | None = None,
    asked_by: str = "a test",
    callback: str | None = None,
) -> Job:
    """Makes a job with an id of its own."""
    asked = datetime(2020, 1, 1, tzinfo=UTC)
    return Job(
        id=f"job-{next(_NUMBERS):06}",
        workspace=workspace,
        formula=formula,
        tree='["call","GitHub::Repos"]',
        variables=variables or {},
        asked_by=asked_by,
        timezone="Europe/Oslo",
        locale="nb-NO",
        accepted_at=asked,
        deadline=asked + timedelta(seconds=timeout),
        callback=callback,
    )


def call(name: str, **arguments: Value) -> Invocation:
    """Makes a call whose key follows from its name."""
    return Invocation(
        key=hashlib.md5(name.encode()).hexdigest(),
        pack_id=1013,
        pack="GitHub",
        version="1.0.0",
        formula=name,
        account="8e11cd1b",
        arguments=arguments,
        start=2,
        end=17,
    )


def connection(name: str = "hereisfun", *, id: str = "8e11cd1b", workspace: str = "default") -> Connection:
    """Makes a connected account."""
    return Connection(id=id, workspace=workspace, pack_id=1013, name=name, sealed=bytes(range(256)))
