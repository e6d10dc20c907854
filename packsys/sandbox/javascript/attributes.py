"""Reads how the Coda SDK says that values are shown: its hints, and what belongs to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packsys.sdk import Choice, Hint, Kind, PackDeclarationError
from packsys.sdk.appearance import RULES, check_appearance

_OTHER_HINTS = {"codaInternalRichText": Hint.RICH_TEXT}
_RANGE = {"minimum": "minimum", "maximum": "maximum", "step": "step", "showValue": "show_value"}
_IMAGE = {
    "imageOutline": "outline",
    "imageCornerStyle": "corners",
    "imageShapeStyle": "shape",
    "width": "width",
    "height": "height",
}
_NAMES: Mapping[Hint, Mapping[str, str]] = {
    Hint.DATE: {"format": "format"},
    Hint.TIME: {"format": "format"},
    Hint.DATETIME: {"dateFormat": "date_format", "timeFormat": "time_format"},
    Hint.DURATION: {"precision": "precision", "maxUnit": "max_unit"},
    Hint.PERCENT: {"precision": "precision", "useThousandsSeparator": "thousands"},
    Hint.CURRENCY: {"precision": "precision", "currencyCode": "code", "format": "format"},
    Hint.SLIDER: _RANGE,
    Hint.PROGRESS_BAR: _RANGE,
    Hint.SCALE: {"maximum": "maximum", "icon": "icon"},
    Hint.EMAIL: {"display": "display"},
    Hint.URL: {"display": "display", "force": "force"},
    Hint.EMBED: {"force": "force"},
    Hint.IMAGE: _IMAGE,
    Hint.IMAGE_ATTACHMENT: _IMAGE,
    Hint.SELECT_LIST: {"allowNewValues": "allow_new_values", "requireForUpdates": "require_for_updates"},
}
_WORDS: Mapping[str, str] = {"iconAndEmail": "icon_and_email", "iconOnly": "icon", "emailOnly": "email"}


def appearance(kind: Kind, schema: Mapping[str, Any]) -> tuple[Hint | None, Mapping[str, Any]]:
    """Reads the hint of a value of some kind, and its attributes; what packsys has no word for is left out."""
    hint = _hint(schema.get("codaType"))
    if hint is Hint.DATE and kind is Kind.DATETIME:  # a number of seconds, of which only the day is shown
        hint, schema = Hint.DATETIME, {"dateFormat": schema.get("format")}
    if hint is None or not _fits(kind, hint, {}):
        return None, {}
    read = {ours: _attribute(schema.get(theirs)) for theirs, ours in _NAMES.get(hint, {}).items()}
    kept = {name: each for name, each in read.items() if RULES[hint].attributes[name].holds(each)}
    return hint, {**(kept if _fits(kind, hint, kept) else {}), **_options(hint, schema.get("options"))}


def _hint(written: Any) -> Hint | None:
    try:
        return _OTHER_HINTS.get(written) or Hint(written)
    except (ValueError, TypeError):
        return None


def _attribute(value: Any) -> Any:
    if isinstance(value, int) and value.bit_length() >= 1024:
        return None  # a BigInt that is no number
    return _WORDS.get(value, value) if isinstance(value, str) else value


def _options(hint: Hint, options: Any) -> dict[str, Any]:
    """Reads the values of a list to choose from: written down, or found by a function, which has a name."""
    if hint is not Hint.SELECT_LIST or not options:
        return {}
    if isinstance(options, list):
        choices = [_choice(each) for each in options]
        return {"options": choices} if all(isinstance(each, (str, int, float, Choice)) for each in choices) else {}
    return {"options": {"function": options if isinstance(options, str) else "options"}}


def _choice(value: Any) -> Any:
    if isinstance(value, Mapping) and isinstance(value.get("value"), (str, int, float)):
        return Choice(display=str(value.get("display", value["value"])), value=value["value"])
    return value


def _fits(kind: Kind, hint: Hint, attributes: Mapping[str, Any]) -> bool:
    try:
        check_appearance(kind, hint, attributes)
    except PackDeclarationError:
        return False
    return True
