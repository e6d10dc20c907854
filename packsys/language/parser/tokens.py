"""The tokens of the language, as pyparsing elements.

One element matches any token of code, because alternatives that are tried one by one cost an exception each. Text
between quotes has an element per quote; the scanner knows which one is due. Every repetition is atomic (``(?>…*)``)
and its alternatives differ in their first character, so that no input takes more than linear time. Possessive ones
(``*+``) would read better, but match wrongly in the Python 3.11.2 of Debian 12 (CPython issue 106052).
"""

from __future__ import annotations

from re import Match
from typing import Literal, NamedTuple, TypeAlias, cast

import pyparsing

Kind: TypeAlias = Literal[
    "number", "name", "bracket", "reference", "operator", "text", "open", "middle", "close", "end", "cut"
]

FULL_WIDTH = str.maketrans("（），：；＝", "(),:;=")
"""What Chinese and Japanese keyboards write where ASCII is meant."""

_SKIP = r"(?>(?:\s|//[^\n]*|/\*(?>(?:[^*]|\*(?!/))*)\*/)*)"
_INSIDE = r"(?>(?:[^\]\\]+|\\(?s:.))*)"


class Token(NamedTuple):
    """Is one token: ``text`` is what it says, without brackets and quotes, escapes still in place.

    ``open``, ``middle`` and ``close`` are the pieces of a text with holes: ``"a {=``, ``} b {=`` and ``} c"``.
    ``cut`` stands where a formula became too long to go on.
    """

    kind: Kind
    text: str
    start: int
    end: int


def _element(pattern: str) -> pyparsing.Regex:
    return pyparsing.Regex(pattern, as_match=True)


SKIPPED = _element(_SKIP)

CODE = _element(
    _SKIP
    + r"(?:"
    + r"(?P<comment>/\*)"
    + r"|(?P<operator>[:：]{2}|&&|\|\||[=＝]{2}|[!<>][=＝]|<>|[-+*/^&<>!,:;(){}=（），：；＝]|\.(?![0-9]))"
    + r"|(?P<name>[^\W\d][\w\u0300-\u036f]*)"
    + r"|(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?%?)"
    + r"""|(?P<quote>["'“”])"""
    + r"|(?P<bracket>\[" + _INSIDE + r"\])"
    + r"|(?P<reference>\$\$\[" + _INSIDE + r"\])"
    + r"|(?P<end>\Z)"
    + r")"
)  # fmt: skip

_ASCII_QUOTED = r"(?P<chunk>(?>(?:[^{0}\\{{]+|\\(?s:.)|\{{(?!=)|{0}{0})*))(?P<stop>{0}|\{{=)"
_FULL_WIDTH_QUOTED = _element(r'(?P<chunk>(?>(?:[^"“”\\{]+|\\(?s:.)|\{(?!=))*))(?P<stop>["“”]|\{=)')
_DOCUMENT = _element(r"(?P<chunk>(?>(?:[^\\{]+|\\\{=|\\|\{(?!=))*))(?P<stop>\{=|\Z)")

TEXTS = {
    '"': _element(_ASCII_QUOTED.format('"')),
    "'": _element(_ASCII_QUOTED.format("'")),
    "“": _FULL_WIDTH_QUOTED,
    "”": _FULL_WIDTH_QUOTED,
    "": _DOCUMENT,
}
"""How a text goes on, by the quote that opened it; no quote is the text of a document."""


def take(element: pyparsing.Regex, text: str, at: int) -> Match[str] | None:
    """Matches one token at a place, or nothing."""
    try:
        return cast("Match[str]", element.parseImpl(text, at)[1])
    except pyparsing.ParseException:
        return None
