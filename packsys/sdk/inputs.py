"""What a parameter's hint may say besides its type: what to offer, what to suggest, and what to refuse.

>>> limit: Annotated[int, "How many.", Between(1, 100), Suggested(20)]
>>> state: Annotated[str, "Which ones.", Autocomplete("open", "closed", only=True)]
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from packsys.sdk.errors import PackDeclarationError


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Is a value, and what people read in its place."""

    display: str
    value: str | float


Offer: TypeAlias = str | float | Choice
Finder: TypeAlias = Callable[..., Any]


class Autocomplete:
    """Offers values: fixed ones, or those that a function finds.

    The function is called with the context, what was typed so far, and the arguments given so far by name; it gives
    a list of values or of :class:`Choice`. With ``only``, no other values are taken.
    """

    def __init__(self, *offers: Offer | Finder, only: bool = False) -> None:
        """Takes the values, or one function; refuses a mixture."""
        finders = [each for each in offers if callable(each)]
        if not offers or (finders and len(offers) > 1):
            raise PackDeclarationError("An Autocomplete takes values, or one function that finds them: give either.")
        self.finder: Finder | None = finders[0] if finders else None
        self.choices = tuple(_choice(each) for each in offers if not callable(each))
        self.only = only
        if only and self.finder:
            raise PackDeclarationError("An Autocomplete with a function cannot be the only choice: leave only= out.")

    def problem(self, value: object) -> str:
        """Says why a value is refused; blank when it is not."""
        if not self.only or value in [each.value for each in self.choices]:
            return ""
        return f"must be {' or '.join(repr(each.value) for each in self.choices)}"


def _choice(offer: Offer | Finder) -> Choice:
    match offer:
        case Choice():
            return offer
        case str() | int() | float() if not isinstance(offer, bool):
            return Choice(display=str(offer), value=offer)
        case _:
            raise PackDeclarationError(f"An Autocomplete offers {offer!r}: offer text, numbers, or a Choice of these.")


@dataclass(frozen=True)
class Suggested:
    """Is the value that people find filled in; unlike a default it is not taken when they remove it."""

    value: Any


@dataclass(frozen=True)
class Between:
    """Refuses numbers outside the two bounds, each of which belongs to what is allowed and may be None."""

    least: float | None = None
    most: float | None = None

    def problem(self, value: object) -> str:
        """Says why a value is refused; blank when it is not."""
        low = self.least is not None and isinstance(value, (int, float)) and value < self.least
        high = self.most is not None and isinstance(value, (int, float)) and value > self.most
        return f"must be {self._range()}" if low or high else ""

    def _range(self) -> str:
        if self.least is None or self.most is None:
            return f"at most {self.most:g}" if self.least is None else f"at least {self.least:g}"
        return f"between {self.least:g} and {self.most:g}"


@dataclass(frozen=True)
class Matches:
    """Refuses text that is not wholly matched by a regular expression, with the words ``says``: 'a code like AB12'."""

    pattern: str
    says: str

    def problem(self, value: object) -> str:
        """Says why a value is refused; blank when it is not."""
        wrong = isinstance(value, str) and not re.fullmatch(self.pattern, value)
        return f"must be {self.says}" if wrong else ""


@dataclass(frozen=True)
class Valid:
    """Refuses values for which a function gives words: 'must be a day to come'."""

    function: Callable[[Any], str | None]

    def problem(self, value: object) -> str:
        """Says why a value is refused; blank when it is not."""
        return self.function(value) or ""


Check: TypeAlias = Between | Matches | Valid
