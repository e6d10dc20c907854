"""Cuts a formula into tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, cast

from packsys.errors import FormulaError
from packsys.language.limits import MAX_HOLES, MAX_LENGTH, MAX_TOKENS
from packsys.language.parser.escapes import text_of_chunk
from packsys.language.parser.tokens import CODE, FULL_WIDTH, SKIPPED, TEXTS, Kind, Token, take
from packsys.language.syntax import Lint

_WORD = re.compile(r"\w+")
_NO_TEXT = re.compile("[\0\ud800-\udfff]")

_PIECES: dict[tuple[bool, bool], Kind] = {
    (True, False): "text",
    (True, True): "open",
    (False, True): "middle",
    (False, False): "close",
}  # by: is it the text's first piece, does a hole follow

_HINTS = {
    "%": "There is no % operator: write Remainder(a, b), or glue '%' to a number for percent",
    "|": "One '|' means nothing: write || or 'or'",
    "{": "'{' means nothing here: objects are made with Object(key, value, …)",
    "]": "There is no '[' for this ']'",
    "$": "A reference looks like $$[type:id:id:id:flag:flag:name]",
    "}": "There is no '{=' for this '}'",
    ";": "';' means nothing in a formula: separate arguments with ','",
}


@dataclass(frozen=True)
class Scanned:
    """Is a formula's tokens, the last one of kind ``end`` (or ``cut``), with what its author should know."""

    tokens: tuple[Token, ...]
    lints: tuple[Lint, ...]


def scan(text: str, *, template: bool = False) -> Scanned:
    """Cuts a formula, or a document's text with holes, into tokens; raises FormulaError."""
    if len(text) > MAX_LENGTH:
        message = f"The formula has {len(text):,} characters: at most {MAX_LENGTH:,} are allowed"
        raise FormulaError(message, kind="TooLong", formula=text[:MAX_LENGTH], start=MAX_LENGTH)
    if wrong := _NO_TEXT.search(text):
        message = f"The formula holds U+{ord(wrong[0]):04X}, which is no character of a text"
        raise FormulaError(message, formula=text[: wrong.start()], start=wrong.start(), found=repr(wrong[0]))
    return _Scanner(text).scan(template=template)


class _Hole(NamedTuple):
    quote: str
    text: int
    start: int


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.tokens: list[Token] = []
        self.holes: list[_Hole] = []
        self.lints: list[Lint] = []

    def scan(self, *, template: bool) -> Scanned:
        if template:
            self._text("", 0, 0, 0)
        while not self.tokens or self.tokens[-1].kind != "end":
            if len(self.tokens) > MAX_TOKENS:
                self._add("cut", "", self.at, self.at + 1)
                break
            self._code()
        return Scanned(tuple(self.tokens), tuple(self.lints[:1]))

    def _code(self) -> None:
        found = take(CODE, self.text, self.at)
        if found is None or found.lastgroup == "comment":
            raise self._wrong()
        kind = cast("str", found.lastgroup)
        start, end = found.span(kind)
        match kind:
            case "quote":
                self._text(found[kind], start, start, end)
            case "operator":
                self._operator(found[kind].translate(FULL_WIDTH), start, end)
            case "number":
                self._number(found[kind], start, end)
            case "bracket":
                self._add("bracket", found[kind][1:-1], start, end)
            case "reference":
                self._add("reference", found[kind][3:-1], start, end)
            case _:
                self._add(cast("Kind", kind), found[kind], start, end)

    def _operator(self, sign: str, start: int, end: int) -> None:
        if sign != self.text[start:end]:
            message = f"{self.text[start:end]} was read as {sign}"
            self.lints.append(Lint(message, start, end))
        if sign == "}" and self.holes:
            hole = self.holes.pop()
            self._text(hole.quote, hole.text, start, end)
        elif sign in _HINTS:
            raise self._error(_HINTS[sign], start, end)
        else:
            self._add("operator", sign, start, end)

    def _text(self, quote: str, begin: int, start: int, end: int) -> None:
        found = take(TEXTS[quote], self.text, end)
        if found is None:
            raise self._unclosed(begin)
        if quote in ("“", "”"):
            self.lints.append(Lint(f'{quote} was read as "', start, start + 1))
        kind = _PIECES[begin == start, found["stop"] == "{="]
        self._add(kind, text_of_chunk(found["chunk"], quote), start, found.end())
        if found["stop"] == "{=":
            self._hole(_Hole(quote, begin, found.end() - 2))

    def _hole(self, hole: _Hole) -> None:
        self.holes.append(hole)
        if len(self.holes) > MAX_HOLES:
            message = f"More than {MAX_HOLES} holes '{{=' are open inside each other"
            raise self._error(message, hole.start, hole.start + 2, kind="TooDeep")

    def _add(self, kind: Kind, text: str, start: int, end: int) -> None:
        self.tokens.append(Token(kind, text, start, end))
        self.at = end

    def _number(self, text: str, start: int, end: int) -> None:
        glued = _WORD.match(self.text, end)
        if glued and text.endswith("%"):
            raise self._error(_HINTS["%"], end - 1, end)
        if glued:
            message = f"The number {text[:40]} is directly followed by {glued[0][:40]!r}"
            raise self._error(message, end, glued.end(), found=glued[0][:40])
        self._add("number", text, start, end)

    def _unclosed(self, start: int) -> FormulaError:
        if self.holes:
            hole = self.holes[-1].start
            message = "This '{=' is never closed: a '}' is missing"
            return self._error(message, hole, hole + 2, expected=("}",), found="the end of the formula")
        quote = self.text[start]
        message = f"This text is never closed: a {quote} is missing"
        return self._error(message, start, expected=(quote,), found="the end of the formula")

    def _wrong(self) -> FormulaError:
        skipped = take(SKIPPED, self.text, self.at)
        at = skipped.end() if skipped else self.at
        rest = self.text[at : at + 3]
        if rest.startswith("/*"):
            message = "This comment is never closed: '*/' is missing"
            return self._error(message, at, at + 2, expected=("*/",), found="the end of the formula")
        if rest.startswith("[") or rest == "$$[":
            message = "This reference is never closed: a ']' is missing"
            return self._error(message, at, at + len(rest.rstrip()), expected=("]",), found="the end of the formula")
        message = _HINTS.get(rest[0], f"The character {rest[0]!r} means nothing in a formula")
        return self._error(message, at, found=rest[0])

    def _error(
        self,
        message: str,
        start: int,
        end: int | None = None,
        *,
        kind: str = "Syntax",
        expected: tuple[str, ...] = (),
        found: str = "",
    ) -> FormulaError:
        return FormulaError(message, kind=kind, formula=self.text, start=start, end=end, expected=expected, found=found)
