"""Texts. Positions count from 1, in code points."""

from __future__ import annotations

from packsys.language.bounds import check_length, too_much
from packsys.language.functions.registry import may_take, strict, takes, takes_many
from packsys.language.limits import MAX_WEIGHT
from packsys.language.operators import join
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_TEXT, _BOOLEAN, _NUMBER = Shape(Kind.TEXT), Shape(Kind.BOOLEAN), Shape(Kind.NUMBER)


@strict(
    "Concatenate",
    "Joins values as texts, as & does.",
    takes_many("value"),
    examples={'Concatenate("a", 1, true)': "a1true"},
    result=_TEXT,
    aliases=("Concat",),
)
def concatenate(*values: Value) -> Value:
    """Joins texts."""
    return join(*values)


@strict(
    "Upper",
    "Gives a text in capital letters.",
    takes("text", Kind.TEXT),
    examples={'Upper("Oslo")': "OSLO"},
    result=_TEXT,
)
def upper(text: str) -> Value:
    """Makes capitals."""
    return text.upper()


@strict(
    "Lower",
    "Gives a text in small letters.",
    takes("text", Kind.TEXT),
    examples={'Lower("Oslo")': "oslo"},
    result=_TEXT,
)
def lower(text: str) -> Value:
    """Makes small letters."""
    return text.lower()


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
    examples={'Length("测试")': 2},
    result=_NUMBER,
    aliases=("Len",),
)
def length(text: str) -> Value:
    """Counts characters."""
    return len(text)


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
    return text[: _counted(count)]


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
    return text[max(0, len(text) - _counted(count)) :]


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
    return text[int(start) - 1 : int(start) - 1 + _counted(count)]


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
    return [*text.split(delimiter)] if delimiter else [*text]


@strict(
    "Substitute",
    "Puts another text in the place of the first that is found.",
    takes("text", Kind.TEXT),
    takes("search", Kind.TEXT),
    takes("replacement", Kind.TEXT),
    examples={'Substitute("a-b-c", "-", "+")': "a+b-c"},
    result=_TEXT,
)
def substitute(text: str, search: str, replacement: str) -> Value:
    """Replaces once."""
    check_length(len(text) + len(replacement))
    return text.replace(search, replacement, 1) if search else text


@strict(
    "SubstituteAll",
    "Puts another text in the place of each that is found.",
    takes("text", Kind.TEXT),
    takes("search", Kind.TEXT),
    takes("replacement", Kind.TEXT),
    examples={'SubstituteAll("a-b-c", "-", "+")': "a+b+c"},
    result=_TEXT,
)
def substitute_all(text: str, search: str, replacement: str) -> Value:
    """Replaces everywhere."""
    if not search:
        return text
    check_length(len(text) + text.count(search) * (len(replacement) - len(search)))
    return text.replace(search, replacement)


@strict(
    "ContainsText",
    "Tells whether a text holds another.",
    takes("text", Kind.TEXT),
    takes("search", Kind.TEXT),
    may_take("ignoreCase", Kind.BOOLEAN, default=False),
    examples={'ContainsText("Oslo", "sl")': True, 'ContainsText("Oslo", "SL", true)': True},
    result=_BOOLEAN,
)
def contains_text(text: str, search: str, ignore_case: bool) -> Value:
    """Looks inside."""
    return _cased(search, ignore_case) in _cased(text, ignore_case)


@strict(
    "StartsWith",
    "Tells whether a text begins with another.",
    takes("text", Kind.TEXT),
    takes("search", Kind.TEXT),
    may_take("ignoreCase", Kind.BOOLEAN, default=False),
    examples={'StartsWith("Oslo", "Os")': True},
    result=_BOOLEAN,
)
def starts_with(text: str, search: str, ignore_case: bool) -> Value:
    """Looks at the beginning."""
    return _cased(text, ignore_case).startswith(_cased(search, ignore_case))


@strict(
    "EndsWith",
    "Tells whether a text ends with another.",
    takes("text", Kind.TEXT),
    takes("search", Kind.TEXT),
    may_take("ignoreCase", Kind.BOOLEAN, default=False),
    examples={'EndsWith("Oslo", "lo")': True},
    result=_BOOLEAN,
)
def ends_with(text: str, search: str, ignore_case: bool) -> Value:
    """Looks at the end."""
    return _cased(text, ignore_case).endswith(_cased(search, ignore_case))


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


def _counted(count: float) -> int:
    if count < 0:
        raise failure("Value", "A number of characters cannot be negative.")
    return int(count)


def _cased(text: str, ignore_case: bool) -> str:
    return text.casefold() if ignore_case else text
