"""A text that must not be seen."""

from __future__ import annotations

from hmac import compare_digest
from typing import NoReturn


class Secret:
    """Holds a secret text, and gives it away to :meth:`reveal` only.

    It shows as ``***`` wherever it is printed or formatted, and refuses to be pickled, copied or written as JSON.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Takes the text to keep from sight."""
        self._text = text

    def reveal(self) -> str:
        """Gives the text; call it where the text leaves the house, and nowhere else."""
        return self._text

    def __repr__(self) -> str:
        return "***"

    def __format__(self, _: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and compare_digest(self._text.encode(), other._text.encode())

    __hash__ = None  # type: ignore[assignment]

    def __reduce_ex__(self, _: object) -> NoReturn:
        raise TypeError("A secret cannot be pickled or copied: pass the id of its connection instead.")
