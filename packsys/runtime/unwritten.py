"""Claims of which nothing tells yet, and what is done before anyone lets go of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from packsys.model import Claim, Route, Step
from packsys.ports import ClaimStore


class Unwritten:
    """Lets calls be made that no store knows of: they are written down before they are put off or renewed.

    It is a :class:`~packsys.ports.ClaimStore` for those who make calls, so that they need not know of it. A claim is
    known by its identity: where the claims that a call was made ahead of were lost, another thread may hold a written
    one on the same step, under the same number.
    """

    def __init__(self, claims: ClaimStore) -> None:
        """Takes where the claims are kept that are written down."""
        self._claims = claims
        self._writes: dict[int, Callable[[], bool]] = {}

    @contextmanager
    def holding(self, claim: Claim, write: Callable[[], bool]) -> Iterator[None]:
        """Has a claim until the block ends that ``write`` writes down; it says False when that cannot be any more."""
        self._writes[id(claim)] = write
        try:
            yield
        finally:
            del self._writes[id(claim)]

    def renew(self, claims: Sequence[Claim], *, lease: float) -> Sequence[Claim]:
        """Holds claims for ``lease`` more seconds, and lists those that were not lost."""
        return self._claims.renew([claim for claim in claims if self._written(claim)], lease=lease)

    def postpone(self, claim: Claim, *, delay: float, cause: str, tried: bool = True) -> bool:
        """Gives a claim back, to be due in ``delay`` seconds; False when it was lost."""
        return self._written(claim) and self._claims.postpone(claim, delay=delay, cause=cause, tried=tried)

    def rouse(self, places: Sequence[tuple[str, str]]) -> Sequence[tuple[Step, Route]]:
        """Makes waiting steps of live jobs, named by job and key, due now, and gives them with their routes."""
        return self._claims.rouse(places)

    def _written(self, claim: Claim) -> bool:
        write = self._writes.get(id(claim))
        return write() if write else True
