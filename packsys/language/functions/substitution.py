"""Looking for a text in another, and putting something else in its place."""

from __future__ import annotations

from packsys.language.bounds import check_length
from packsys.language.characters import characters
from packsys.language.functions.registry import may_take, strict, takes
from packsys.language.functions.text import counted
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_TEXT, _BOOLEAN = Shape(Kind.TEXT), Shape(Kind.BOOLEAN)


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
    "Replace",
    "Puts another text in the place of a number of characters, from a position on.",
    takes("text", Kind.TEXT),
    takes("start", Kind.NUMBER),
    takes("count", Kind.NUMBER),
    takes("replacement", Kind.TEXT),
    examples={'Replace("2009", 3, 2, "10")': "2010", 'Replace("ad", 2, 0, "bc")': "abcd"},
    result=_TEXT,
)
def replace(text: str, start: float, count: float, replacement: str) -> Value:
    """Cuts a piece out and puts another in."""
    if start < 1:
        raise failure("Value", "Positions count from 1.")
    check_length(len(text) + len(replacement))
    found, begin = characters(text), int(start) - 1
    return "".join((*found[:begin], replacement, *found[begin + counted(count) :]))


def _cased(text: str, ignore_case: bool) -> str:
    return text.casefold() if ignore_case else text
