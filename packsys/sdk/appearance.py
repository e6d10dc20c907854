"""Which hint belongs to which kind of value, and which attributes it takes.

The hints and their attributes are those of the packs that people know, in the words of Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite

from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.inputs import Choice
from packsys.sdk.kinds import Hint, Kind
from packsys.sdk.names import nearest


@dataclass(frozen=True)
class Attribute:
    """Is one attribute of a hint: what it must be, in words and as a test."""

    says: str
    holds: Callable[[object], bool]


@dataclass(frozen=True)
class Rule:
    """Says which kinds of values a hint is for, and which attributes it takes."""

    kinds: tuple[Kind, ...]
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


def check_appearance(kind: Kind, hint: Hint, attributes: Mapping[str, object]) -> None:
    """Refuses a hint that is not for the kind, an attribute that it does not have, and a value that is none."""
    rule = RULES[hint]
    if kind not in (*rule.kinds, Kind.ANY):
        kinds = " or ".join(rule.kinds)
        raise PackDeclarationError(f"Hint {hint} cannot be on a value of kind {kind}: use it with {kinds}.")
    for name, value in attributes.items():
        if name not in rule.attributes:
            hinted = nearest(name, rule.attributes)
            raise PackDeclarationError(f"Hint {hint} has no attribute {name!r}: {hinted}")
        if not rule.attributes[name].holds(value):
            said = rule.attributes[name].says
            raise PackDeclarationError(f"Attribute {name!r} of hint {hint} is {value!r}: give it {said}.")
    low, high = attributes.get("minimum"), attributes.get("maximum")
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low >= high:
        raise PackDeclarationError(f"Hint {hint} goes from {low} to {high}: make 'maximum' greater than 'minimum'.")


def _is_number(value: object) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and value.bit_length() < 1024  # as wide as a float reaches
    return isinstance(value, float) and isfinite(value)


def _is_choice(value: object) -> bool:
    return isinstance(value, (str, Choice)) or _is_number(value)


def _are_options(value: object) -> bool:
    if not isinstance(value, Sequence) or isinstance(value, str):
        return callable(value)
    return len(value) > 0 and all(_is_choice(each) for each in value)


def _one_of(*words: str) -> Attribute:
    return Attribute(f"one of {', '.join(map(repr, words))}", lambda value: value in words)


def _whole(least: int, most: int) -> Attribute:
    return Attribute(
        f"a whole number from {least} to {most}",
        lambda value: type(value) is int and least <= value <= most,
    )


_FLAG = Attribute("True or False", lambda value: isinstance(value, bool))
_TEXT = Attribute("a text", lambda value: isinstance(value, str) and bool(value))
_NUMBER = Attribute("a number", _is_number)
_NUMBER_OR_FORMULA = Attribute("a number or a formula", lambda value: _is_number(value) or isinstance(value, str))
_OPTIONS = Attribute("a list of texts, numbers or choices, or a function that finds them", _are_options)
_CODE = Attribute(
    "a code of three capitals, such as 'EUR' (ISO 4217)",
    lambda value: isinstance(value, str) and len(value) == 3 and value.isascii() and value.isupper(),
)

_PRECISION = _whole(0, 10)
_RANGE = {"minimum": _NUMBER_OR_FORMULA, "maximum": _NUMBER_OR_FORMULA, "step": _NUMBER_OR_FORMULA, "show_value": _FLAG}
_IMAGE = {
    "outline": _one_of("disabled", "solid"),
    "corners": _one_of("rounded", "square"),
    "shape": _one_of("auto", "circle"),
    "width": _NUMBER_OR_FORMULA,
    "height": _NUMBER_OR_FORMULA,
}
_ICONS = (
    "star", "circle", "fire", "bug", "diamond", "bell", "thumbsup", "heart", "chili", "smiley", "lightning",
    "currency", "coffee", "person", "battery", "cocktail", "cloud", "sun", "checkmark", "lightbulb",
)  # fmt: skip

RULES: Mapping[Hint, Rule] = {
    Hint.DATE: Rule((Kind.DATE, Kind.TEXT, Kind.NUMBER), {"format": _TEXT}),
    Hint.TIME: Rule((Kind.DATETIME, Kind.TEXT, Kind.NUMBER), {"format": _TEXT}),
    Hint.DATETIME: Rule((Kind.DATETIME, Kind.TEXT, Kind.NUMBER), {"date_format": _TEXT, "time_format": _TEXT}),
    Hint.DURATION: Rule(
        (Kind.DURATION, Kind.TEXT, Kind.NUMBER),
        {"precision": _PRECISION, "max_unit": _one_of("days", "hours", "minutes", "seconds")},
    ),
    Hint.PERCENT: Rule((Kind.NUMBER,), {"precision": _PRECISION, "thousands": _FLAG}),
    Hint.CURRENCY: Rule(
        (Kind.NUMBER,),
        {"precision": _PRECISION, "code": _CODE, "format": _one_of("currency", "accounting", "financial")},
    ),
    Hint.SLIDER: Rule((Kind.NUMBER,), _RANGE),
    Hint.PROGRESS_BAR: Rule((Kind.NUMBER,), _RANGE),
    Hint.SCALE: Rule((Kind.NUMBER,), {"maximum": _whole(1, 20), "icon": _one_of(*_ICONS)}),
    Hint.TOGGLE: Rule((Kind.BOOLEAN,)),
    Hint.EMAIL: Rule((Kind.TEXT,), {"display": _one_of("icon_and_email", "icon", "email")}),
    Hint.URL: Rule((Kind.TEXT,), {"display": _one_of("icon", "url", "title", "card", "embed"), "force": _FLAG}),
    Hint.EMBED: Rule((Kind.TEXT,), {"force": _FLAG}),
    Hint.IMAGE: Rule((Kind.TEXT,), _IMAGE),
    Hint.IMAGE_ATTACHMENT: Rule((Kind.TEXT,), _IMAGE),
    Hint.ATTACHMENT: Rule((Kind.TEXT,)),
    Hint.HTML: Rule((Kind.TEXT,)),
    Hint.MARKDOWN: Rule((Kind.TEXT,)),
    Hint.SELECT_LIST: Rule(
        (Kind.TEXT, Kind.OBJECT), {"options": _OPTIONS, "allow_new_values": _FLAG, "require_for_updates": _FLAG}
    ),
    Hint.PERSON: Rule((Kind.OBJECT,)),
    Hint.REFERENCE: Rule((Kind.OBJECT,)),
    Hint.RICH_TEXT: Rule((Kind.TEXT,)),
}
