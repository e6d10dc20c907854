"""One pack call whose arguments are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from packsys.values import Value


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """Is one pack call whose arguments are known.

    ``key`` names the call within its job, as 32 hexadecimal digits: equal calls have equal keys. ``account``
    is the id of the connection, ``arguments`` hold every parameter by name with its default filled in and
    the account left out; a variadic set is a list under each variadic parameter's name. A ``fresh`` call comes
    after an action on the same account: no result that was kept before may answer it. ``start`` and ``end`` are
    the offsets of the call in the formula.
    """

    key: str
    pack_id: int
    pack: str
    version: str
    formula: str
    account: str | None
    arguments: Mapping[str, Value]
    action: bool = False
    fresh: bool = False
    start: int = 0
    end: int = 0

    @property
    def name(self) -> str:
        """Shows the call as people write it: ``GitHub::Repos``."""
        return f"{self.pack}::{self.formula}"
