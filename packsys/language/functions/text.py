"""Texts. Positions count from 1, in characters as people see them."""

from __future__ import annotations

from packsys.language.bounds import too_much
from packsys.language.characters import characters
from packsys.language.coercion import items_of
from packsys.language.functions.registry import deep, may_take, may_take_locale, strict, takes, takes_many
from packsys.language.limits import MAX_WEIGHT
from packsys.language.operators import join
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_TEXT, _BOOLEAN, _NUMBER = Shape(Kind.TEXT), Shape(Kind.BOOLEAN), Shape(Kind.NUMBER)


@strict(
    "Concatenate",
    "Joins values as texts, and the items of lists; & shows a list with commas.",
    takes_many("value"),
    examples={'Concatenate("a", 1, true)': "a1true", 'List("a", "b").Concatenate("c")': "abc"},
    result=_TEXT,
    aliases=("Concat",),
    cost=deep,
)
def concatenate(*values: Value) -> Value:
    """Joins texts."""
    return join(*(item for value in values for item in items_of(value)))


@strict(
    "Upper",
    "Gives a text in capital letters, by the habits of a language.",
    takes("text", Kind.TEXT),
    may_take_locale(),
    examples={'Upper("Straße")': "STRASSE", 'Upper("izmir", "tr")': "İZMİR"},
    result=_TEXT,
)
def upper(text: str, locale: str) -> Value:
    """Makes capitals."""
    return (text.replace("i", "İ") if _dotted(locale) else text).upper()


@strict(
    "Lower",
    "Gives a text in small letters, by the habits of a language.",
    takes("text", Kind.TEXT),
    may_take_locale(),
    examples={'Lower("Oslo")': "oslo", 'Lower("ISPARTA", "tr")': "ısparta"},
    result=_TEXT,
)
def lower(text: str, locale: str) -> Value:
    """Makes small letters."""
    return (text.replace("İ", "i").replace("I", "ı") if _dotted(locale) else text).lower()


@strict(
    "Trim",
    "Takes blanks and line ends off both ends of a text.",
    takes("text", Kind.TEXT),
    examples={'Trim("  a b ")': "a b"},
    result=_TEXT,
)
def trim(text: str) -> Value:
    """Cuts the ends."""
    return text.strip()


@strict(
    "Length",
    "Counts the characters of a text.",
    takes("text", Kind.TEXT),
    examples={'Length("测试")': 2, 'Length("👩‍👩‍👧")': 1},
    result=_NUMBER,
    aliases=("Len",),
)
def length(text: str) -> Value:
    """Counts characters."""
    return len(characters(text))


@strict(
    "Left",
    "Gives the first characters of a text.",
    takes("text", Kind.TEXT),
    may_take("count", Kind.NUMBER, default=1),
    examples={'Left("abc", 2)': "ab", 'Left("abc")': "a"},
    result=_TEXT,
)
def left(text: str, count: float) -> Value:
    """Keeps the beginning."""
    return "".join(characters(text)[: counted(count)])


@strict(
    "Right",
    "Gives the last characters of a text.",
    takes("text", Kind.TEXT),
    may_take("count", Kind.NUMBER, default=1),
    examples={'Right("abc", 2)': "bc", 'Right("abc", 0)': ""},
    result=_TEXT,
)
def right(text: str, count: float) -> Value:
    """Keeps the end."""
    found = characters(text)
    return "".join(found[max(0, len(found) - counted(count)) :])


@strict(
    "Middle",
    "Gives some characters of a text, from a position on.",
    takes("text", Kind.TEXT),
    takes("start", Kind.NUMBER),
    takes("count", Kind.NUMBER),
    examples={'Middle("abcd", 2, 2)': "bc"},
    result=_TEXT,
    aliases=("Mid",),
)
def middle(text: str, start: float, count: float) -> Value:
    """Keeps the middle."""
    if start < 1:
        raise failure("Value", "Positions count from 1.")
    return "".join(characters(text)[int(start) - 1 : int(start) - 1 + counted(count)])


@strict(
    "Split",
    "Cuts a text at a delimiter into a list; an empty delimiter cuts it into characters.",
    takes("text", Kind.TEXT),
    takes("delimiter", Kind.TEXT),
    examples={'Split("a,b", ",")': ["a", "b"], 'Split("ab", "")': ["a", "b"]},
    result=Shape(Kind.LIST, item=_TEXT),
)
def split(text: str, delimiter: str) -> Value:
    """Cuts a text."""
    pieces = text.count(delimiter) + 1
    if pieces > MAX_WEIGHT:
        raise too_much("The text falls into too many pieces", pieces, MAX_WEIGHT)
    return [*text.split(delimiter)] if delimiter else [*characters(text)]


@strict(
    "ToText",
    "Shows a value as text.",
    takes("value", Kind.TEXT),
    examples={"ToText(1.50)": "1.5", "ToText(true)": "true"},
    result=_TEXT,
)
def to_text(value: str) -> Value:
    """Shows a value."""
    return value


@strict(
    "ToNumber",
    "Reads a number from a value.",
    takes("value", Kind.NUMBER),
    examples={'ToNumber(" 1.5 ")': 1.5, 'ToNumber("15%")': 0.15},
    result=_NUMBER,
)
def to_number(value: float) -> Value:
    """Reads a number."""
    return value


@strict("LineBreak", "Gives the end of a line.", examples={"LineBreak()": "\n"}, result=_TEXT)
def line_break() -> Value:
    """Gives a line end."""
    return "\n"


def counted(count: float) -> int:
    """Reads a number of characters."""
    if count < 0:
        raise failure("Value", "A number of characters cannot be negative.")
    return int(count)


def _dotted(locale: str) -> bool:
    # Turkish and Azerbaijani have an i with a dot and one without, each in both sizes.
    return locale.lower()[:2] in ("tr", "az")
