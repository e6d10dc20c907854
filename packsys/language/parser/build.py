"""Makes nodes of the tree from tokens."""

from __future__ import annotations

import re
import unicodedata

from packsys.errors import FormulaError
from packsys.language.parser.escapes import name_of_chunk
from packsys.language.parser.tokens import Token
from packsys.language.syntax import Name, Number, Reference
from packsys.values import Failure, tidy

_FIELDS = re.compile(
    r"(?P<kind>[^\W\d_][^\W_]*):(?P<a>[^:\\]*):(?P<b>[^:\\]*):(?P<c>[^:\\]*):(?P<f>true|false):(?P<g>true|false):(?s:(?P<text>.*))"
)


def number(token: Token, formula: str) -> Number:
    """Reads a number; raises FormulaError when it is too large."""
    digits = token.text.rstrip("%")
    try:
        value = tidy(int(digits) if digits.isdigit() and len(digits) <= 400 else float(digits))
        if token.text.endswith("%"):
            value = tidy(value / 100)
    except Failure as problem:
        message = "The number is too large: a formula reckons with at most 309 digits"
        raise FormulaError(message, formula=formula, start=token.start, end=token.end) from problem
    return Number(value, token.start, token.end)


def name(token: Token) -> Name:
    """Reads a name, bare or in brackets, and composes its letters (NFC)."""
    bracketed = token.kind == "bracket"
    text = name_of_chunk(token.text) if bracketed else unicodedata.normalize("NFC", token.text)
    return Name(text, bracketed, token.start, token.end)


def reference(token: Token, formula: str) -> Reference:
    """Reads the seven fields of a ``$$[…]`` reference; raises FormulaError when they are not seven."""
    found = _FIELDS.fullmatch(token.text)
    if found is None:
        message = "A $$[…] reference has seven fields, type:id:id:id:true|false:true|false:name, and this one has not"
        raise FormulaError(message, formula=formula, start=token.start, end=token.end)
    ids, flags = (found["a"], found["b"], found["c"]), (found["f"] == "true", found["g"] == "true")
    return Reference(found["kind"], ids, flags, name_of_chunk(found["text"]), token.start, token.end)
