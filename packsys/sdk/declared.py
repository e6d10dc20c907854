"""What a pack declares of one kind, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Generic, TypeVar

from packsys.sdk.errors import PackDeclarationError

MOST_OF_A_KIND = 100  # formulas, sync tables or column formats, as in the packs that people know

_Thing = TypeVar("_Thing")


class Declared(Generic[_Thing]):
    """Keeps the formulas, sync tables or column formats of a pack, in the order of their declaration.

    ``by_name`` shows them as they are at any time.
    """

    def __init__(self, pack: str, kind: str) -> None:
        """Takes the pack's name and the kind, for messages."""
        self._pack = pack
        self._kind = kind
        self._kept: dict[str, _Thing] = {}
        self.by_name: Mapping[str, _Thing] = MappingProxyType(self._kept)

    def add(self, name: str, made: _Thing) -> None:
        """Keeps a new one; refuses a name that is taken, and one too many."""
        if name.lower() in {each.lower() for each in self._kept}:
            raise PackDeclarationError(
                f"Pack {self._pack} has two {self._kind}s {name}: rename one, since case does not count."
            )
        if len(self._kept) == MOST_OF_A_KIND:
            raise PackDeclarationError(
                f"Pack {self._pack} has more than {MOST_OF_A_KIND} {self._kind}s: make two packs of it."
            )
        self._kept[name] = made

    def change(self, name: str, made: _Thing) -> None:
        """Puts one in the place of another."""
        self._kept[name] = made
