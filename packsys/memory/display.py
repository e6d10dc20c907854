"""The display of a process that nobody watches."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from packsys.model import Step


class Undisplayed:
    """Shows nothing."""

    def show(self, step: Step) -> AbstractContextManager[None]:
        """Does nothing at either end of the block."""
        return nullcontext()
