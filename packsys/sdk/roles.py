"""Which properties of an object make its card, and which ones tell its history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from packsys.sdk.kinds import Hint, Kind

_DATES = (Kind.DATE, Kind.DATETIME, Kind.ANY)


@dataclass(frozen=True)
class Line:
    """Is one property on a card: how its value is written, and what stands there when it is blank.

    ``property`` may lead into an inner object: ``"Owner.Login"``. ``{VALUE}`` in ``label`` stands for the value.
    """

    property: str
    label: str = ""
    placeholder: str = ""


Place: TypeAlias = str | Line


@dataclass(frozen=True, kw_only=True)
class Card:
    """Says how an object is shown as a card: each entry names a property, or is a :class:`Line`."""

    title: Place = ""
    subtitles: Sequence[Place] = ()
    snippet: Place = ""
    image: Place = ""
    link: Place = ""


@dataclass(frozen=True, kw_only=True)
class History:
    """Names the properties that say when an object was made and changed, by whom, and which version it is."""

    created_at: str = ""
    created_by: str = ""
    modified_at: str = ""
    modified_by: str = ""
    version: str = ""


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Is a credit that a service asks for; ``link`` is where a click on it leads, ``image`` its logo."""

    text: str
    link: str = ""
    image: str = ""


@dataclass(frozen=True)
class Fit:
    """Says what a role asks of its property: in words, by kinds, and by hints where there are any."""

    says: str
    kinds: tuple[Kind, ...]
    hints: tuple[Hint, ...] = ()


_PLAIN = (Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, *_DATES, Kind.DURATION, Kind.OBJECT)

FITS: Mapping[str, Fit] = {
    "id": Fit("text or a number", (Kind.TEXT, Kind.NUMBER, Kind.ANY)),
    "title": Fit("a single value", _PLAIN),
    "subtitles": Fit("a value or a list", (*_PLAIN, Kind.LIST)),
    "snippet": Fit("text or a list of text", (Kind.TEXT, Kind.LIST, Kind.ANY)),
    "image": Fit("text with the hint image", (Kind.TEXT,), (Hint.IMAGE, Hint.IMAGE_ATTACHMENT)),
    "link": Fit("text with the hint url", (Kind.TEXT,), (Hint.URL,)),
    "created_at": Fit("a date", _DATES),
    "modified_at": Fit("a date", _DATES),
    "created_by": Fit("text or a person", (Kind.TEXT, Kind.OBJECT, Kind.ANY)),
    "modified_by": Fit("text or a person", (Kind.TEXT, Kind.OBJECT, Kind.ANY)),
    "version": Fit("text, a number or a date", (Kind.TEXT, Kind.NUMBER, *_DATES)),
}
