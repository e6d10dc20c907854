"""Accepts formulas that come at the same time in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from anyio import to_thread
from fastapi import Depends, Request

from packsys.bootstrap import Services
from packsys.model import Job, Submission
from packsys.runtime.opening import Heavy
from packsys.service.gathering import Gathering

LONG = 4_096
"""Characters of a formula that is accepted alone: it is parsed each time, for as long as many others together."""


class Accept:
    """Accepts each formula as it would be accepted alone, and lets none wait for another one that takes long."""

    def __init__(self, house: Services) -> None:
        """Takes the house."""
        self._alone: Callable[[Submission], Job] = house.submit
        self._together: Gathering[Submission, Job] = Gathering(house.submit_together)

    async def __call__(self, submission: Submission) -> Job:
        """Gives the job; raises as :class:`~packsys.runtime.submit.Submit` does."""
        if len(submission.formula) <= LONG:
            try:
                return await self._together(submission)
            except Heavy:
                pass
        return await to_thread.run_sync(self._alone, submission)


async def accepting(request: Request) -> Accept:
    """Gives what accepts formulas to a route."""
    accept: Accept = request.app.state.accept
    return accept


Accepting = Annotated[Accept, Depends(accepting)]
