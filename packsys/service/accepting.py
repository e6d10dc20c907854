"""Accepts formulas that come at the same time in one transaction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

from anyio import to_thread
from fastapi import Depends, Request

from packsys.bootstrap import Services
from packsys.model import Job, Submission
from packsys.runtime.opening import Heavy
from packsys.service.gathering import Gathering

LONG = 4_096
"""Bytes of a request that is accepted alone: to read its formula, or to keep its variables, takes as long as others."""

Accepts: TypeAlias = Callable[[Submission], Awaitable[Job]]


class Accept:
    """Accepts each formula as it would be accepted alone, and lets none wait for another one that takes long."""

    def __init__(self, house: Services) -> None:
        """Takes the house."""
        self._alone: Callable[[Submission], Job] = house.submit
        self._together: Gathering[Submission, Job] = Gathering(house.submit_together)

    async def __call__(self, submission: Submission) -> Job:
        """Gives the job; raises as :class:`~packsys.runtime.submit.Submit` does."""
        try:
            return await self._together(submission)
        except Heavy:
            return await self.alone(submission)

    async def alone(self, submission: Submission) -> Job:
        """Does the same for one that is not to share a transaction."""
        return await to_thread.run_sync(self._alone, submission)


async def accepting(request: Request) -> Accepts:
    """Gives a route what accepts its formula."""
    accept: Accept = request.app.state.accept
    return accept.alone if len(await request.body()) > LONG else accept


Accepting = Annotated[Accepts, Depends(accepting)]
