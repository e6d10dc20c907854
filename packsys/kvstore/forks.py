"""What a forked child must not go on with."""

from __future__ import annotations

import os
import weakref
from typing import Protocol


class Begins(Protocol):
    """Has threads, locks or connections, and can begin without them."""

    def begin(self) -> None:
        """Forgets everything that belongs to another process."""


def begin_in_children(owner: Begins) -> None:
    """Lets an object begin anew in each child: threads do not survive a fork, and a lock may be held for ever."""
    known = weakref.ref(owner)

    def begin() -> None:
        if (inherited := known()) is not None:
            inherited.begin()

    os.register_at_fork(after_in_child=begin)
