"""Makes calls for tests, as the house does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from packsys.language.interpreter import Invocation
from packsys.ports import Call, Fetcher, Request, Response, World
from packsys.sandbox.inprocess import InProcessPacks


class Script:
    """Is a fetcher that gives one answer, or raises one error, and keeps what it was asked."""

    def __init__(self, *answers: Response | Exception) -> None:
        self.requests: list[Request] = []
        self._answers: Sequence[Response | Exception] = answers

    def fetch(self, request: Request) -> Response:
        self.requests.append(request)
        answer = self._answers[len(self.requests) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


def a_call(
    packs: InProcessPacks,
    pack: str,
    formula: str,
    *,
    fetcher: Fetcher | None = None,
    timeout: float = 10.0,
    timezone: str = "UTC",
    **arguments: Any,
) -> Call:
    release = packs.by_name(pack)
    assert release is not None
    return Call(
        formula=release.formulas[formula],
        invocation=Invocation(
            key="0" * 32,
            pack_id=release.id,
            pack=release.name,
            version=release.version,
            formula=formula,
            account=None,
            arguments=arguments,
        ),
        world=World(
            fetcher=fetcher or Script(),
            timeout=timeout,
            timezone=timezone,
            idempotency_key="job:step",
            endpoint="https://own.example/api",
        ),
    )
