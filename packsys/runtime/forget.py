"""Forgets kept results, everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packsys.ports import LastingResults, ResultCache


@dataclass(frozen=True, kw_only=True)
class Forget:
    """Forgets whatever depends on something: in the database first, since the cache is filled from there."""

    cache: ResultCache
    lasting: LastingResults

    def __call__(self, tags: Sequence[str]) -> None:
        """Forgets what has one of the tags; raises NotReady when a server is away, and can then be called again.

        Workers may use what they hold for :data:`packsys.runtime.nearby.BELIEVED` more seconds.
        """
        self.lasting.forget(tags)
        self.cache.forget(tags)
