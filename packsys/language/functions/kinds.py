"""Questions about what a value is, and the values that are nothing or an error."""

from __future__ import annotations

from datetime import date

from packsys.language.blocked import BLOCKED
from packsys.language.functions.registry import Steps, lazy, strict, takes
from packsys.language.nodes import Node
from packsys.language.signature import Kind, Shape
from packsys.values import ErrorValue, Value, failure, is_blank

_BOOLEAN = Shape(Kind.BOOLEAN)


@strict("Blank", "Gives blank.", examples={"Blank()": None, "IsBlank(Blank())": True})
def blank() -> Value:
    """Gives blank."""
    return None


@strict(
    "IsBlank",
    "Tells whether a value is blank, an empty text or an empty list.",
    takes("value"),
    examples={'IsBlank("")': True, "IsBlank(0)": False, "IsBlank(List())": True},
    result=_BOOLEAN,
)
def is_blank_(value: Value) -> Value:
    """Asks whether a value counts as nothing."""
    return is_blank(value)


@strict(
    "IsNotBlank",
    "Tells whether a value is something: not blank, not an empty text, not an empty list.",
    takes("value"),
    examples={'IsNotBlank("a")': True, 'IsNotBlank("")': False},
    result=_BOOLEAN,
)
def is_not_blank(value: Value) -> Value:
    """Asks whether a value counts as something."""
    return not is_blank(value)


@strict(
    "IsNumber",
    "Tells whether a value is a number; a text that reads as one is not.",
    takes("value"),
    examples={"IsNumber(1.5)": True, 'IsNumber("1.5")': False, "IsNumber(true)": False},
    result=_BOOLEAN,
)
def is_number(value: Value) -> Value:
    """Asks for a number."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@strict(
    "IsText",
    "Tells whether a value is a text.",
    takes("value"),
    examples={'IsText("a")': True, "IsText(1)": False},
    result=_BOOLEAN,
)
def is_text(value: Value) -> Value:
    """Asks for a text."""
    return isinstance(value, str)


@strict(
    "IsDate",
    "Tells whether a value is a date or a point in time.",
    takes("value"),
    examples={"IsDate(Date(2026, 1, 31))": True, 'IsDate("2026-01-31")': False},
    result=_BOOLEAN,
)
def is_date(value: Value) -> Value:
    """Asks for a date."""
    return isinstance(value, date)


@strict(
    "IsLogical",
    "Tells whether a value is true or false.",
    takes("value"),
    examples={"IsLogical(1 = 2)": True, "IsLogical(0)": False},
    result=_BOOLEAN,
)
def is_logical(value: Value) -> Value:
    """Asks for a boolean."""
    return isinstance(value, bool)


@strict(
    "IsList",
    "Tells whether a value is a list.",
    takes("value"),
    examples={"IsList(List())": True, 'IsList("a, b")': False},
    result=_BOOLEAN,
)
def is_list(value: Value) -> Value:
    """Asks for a list."""
    return isinstance(value, (list, tuple))


@lazy(
    "IsError",
    "Tells whether a value is an error.",
    takes("value"),
    roles=("decides",),
    examples={"IsError(1 / 0)": True, "IsError(1)": False},
    result=_BOOLEAN,
)
def is_error(value: Node) -> Steps:
    """Evaluates the value and looks at it."""
    found = yield value
    return found if found is BLOCKED else isinstance(found, ErrorValue)


@strict(
    "Error",
    "Gives an error with a message of its own; IfError mends it.",
    takes("message", Kind.TEXT),
    examples={'IfError(Error("Too few."), 0)': 0},
)
def error(message: str) -> Value:
    """Fails."""
    raise failure("Custom", message or "The formula gives an error here.")
