"""What one pass over a tree leaves to the next."""

from __future__ import annotations

from packsys.language.nodes import Node

Place = tuple[int, ...]
"""Is which call of a tree is meant: its node, and the items of the lists around it."""


class Memory:
    """Remembers which key the calls of a tree came to, so that a later pass need not evaluate their arguments again.

    Passes differ only in the outcomes at hand: arguments that were all there stay what they are. Steps that a pass is
    spared count all the same, so that the same budget ends with or without a memory.
    """

    def __init__(self) -> None:
        """Remembers nothing yet."""
        self._tree: Node | None = None
        self._calls: dict[Place, tuple[str, int]] = {}

    def of(self, tree: Node) -> Memory:
        """Gives itself for another pass over a tree, without what it knew of any other."""
        if self._tree is not tree:
            self._tree, self._calls = tree, {}
        return self

    def note(self, place: Place, key: str, steps: int) -> None:
        """Notes the key of a call, and how many steps its arguments took."""
        self._calls[place] = key, steps

    def find(self, place: Place) -> tuple[str, int] | None:
        """Gives what was noted."""
        return self._calls.get(place)
