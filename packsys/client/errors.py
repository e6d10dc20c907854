"""What goes wrong between this program and the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packsys.errors import Actor, PacksysError


class Refused(PacksysError):
    """The service refused the request.

    ``problem`` is the whole problem document (RFC 9457), ``drawing`` shows the place in a wrong formula.
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        """Takes the problem document."""
        super().__init__(problem.get("detail"), retry_after=problem.get("retry_after"))
        self.problem = problem
        self.code = problem.get("code", self.code)
        self.actor = Actor(problem.get("actor", self.actor))
        self.retryable = bool(problem.get("retryable", False))
        self.status = int(problem.get("status", 0))
        self.drawing: str = problem.get("formula", {}).get("drawing", "")

    def __str__(self) -> str:
        """Shows the place where there is one."""
        return self.drawing or self.message


class Unreachable(PacksysError):
    """The service does not answer."""

    code = "Unreachable"
    actor = Actor.TIME
    retryable = True
