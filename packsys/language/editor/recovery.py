"""Reads on behind a mistake, for editors: what is wrong is written over, and the rest keeps its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packsys.errors import FormulaError
from packsys.language.parser import parse_formula
from packsys.language.parser.precedence import BINARY, COMPARE
from packsys.language.parser.scanner import scan
from packsys.language.parser.tokens import Token
from packsys.language.syntax import Parsed

_TRIES = 20  # mistakes that are written over; a formula with more of them is not read to its end
_READ = 40_000  # characters that are read again, all in all: a quarter of a second (2 shared cores, Python 3.11)
_END = "the end of the formula"
_ENDINGS = {"a value": " 0", "a name": "x()"}  # what ends a formula that breaks off; a bracket or quote ends itself


@dataclass(frozen=True)
class Recovered:
    """Is the mistakes of a formula that keep it from being read, and its tree without them where there is one."""

    errors: tuple[FormulaError, ...]
    parsed: Parsed | None


def recover(text: str, *, most: int) -> Recovered:
    """Reads a formula until ``most`` mistakes are found; what follows from a mistake is none."""
    errors, dirty, patched = list[FormulaError](), list[int](), text
    for _ in range(max(most, min(_TRIES, _READ // (len(text) + 1)))):
        try:
            return Recovered(tuple(errors), parse_formula(patched))
        except FormulaError as error:
            ended, known = error.found == _END, patched
            region = (0, len(patched)) if ended else _region(patched, error)
            again = not ended and any(region[0] <= place < region[1] for place in dirty)
            patched = _ended(patched, error) if ended else _patched(patched, error, region, again=again)
            if not again and not any(other.start == error.start for other in errors):
                errors.append(within(error, text))
            if len(errors) >= most or error.kind != "Syntax" or patched == known:
                break
            dirty += () if ended else (error.start,)
    return Recovered(tuple(errors), None)


def within(error: FormulaError, text: str) -> FormulaError:
    """Keeps the place of a mistake within a formula: what was added behind it to read on is no part of it."""
    error.start, error.end = min(error.start, len(text)), min(error.end, len(text))
    return error


def _ended(text: str, error: FormulaError) -> str:
    return text + _ENDINGS.get(error.expected[0], error.expected[0])


def _patched(text: str, error: FormulaError, region: tuple[int, int], *, again: bool) -> str:
    if error.fix:
        return _unchained(text, error)
    written = None if again else next(_repairs(text, error), None)
    if written is None and region != (0, len(text)):
        written = (*region, "0")
    begin, end, sign = written or (error.start, max(error.end, error.start + 1), " ")
    return f"{text[:begin]}{sign.ljust(end - begin)}{text[end:]}"


def _repairs(text: str, error: FormulaError) -> Iterator[tuple[int, int, str]]:
    """Writes what is missing into the blank before the mistake, or another sign over one that cannot stand there."""
    wrong, before = text[error.start : error.end], text[error.start - 1 : error.start]
    missing = "0" if error.expected == ("a value",) else "&" if "an operator" in error.expected else ""
    if missing and before.isspace():
        yield error.start - 1, error.start, missing
    elif not missing and len(wrong) == 1 and wrong in "){}":
        yield error.start, error.end, " "
    elif not missing and len(wrong) == 1 and wrong not in "([\"'“”" and not wrong.isalnum():
        yield error.start, error.end, "&"


def _unchained(text: str, error: FormulaError) -> str:
    # Of a comparison of more than two values, all signs are written over, and all values stay.
    for token in scan(text).tokens:
        if error.start <= token.start < error.end and BINARY.get(token.text) == COMPARE and token.kind == "operator":
            text = f"{text[: token.start]}{'&'.ljust(token.end - token.start)}{text[token.end :]}"
    return text


def _region(text: str, error: FormulaError) -> tuple[int, int]:
    """Gives the argument or hole that a mistake lies in, or the whole formula; what is no sign is its own region."""
    try:
        tokens = scan(text).tokens
    except FormulaError:
        return error.start, max(error.end, error.start + 1)
    first = next((at for at, token in enumerate(tokens) if token.end > error.start), len(tokens) - 1)
    begin = _edge(tokens[first - 1 :: -1] if first else (), _OPENING, _CLOSING)
    end = _edge(tokens[first:], _CLOSING, _OPENING)
    return begin.end if begin else 0, end.start if end else len(text)


_OPENING, _CLOSING = ("(", "open"), (")", "close")


def _edge(tokens: Sequence[Token], nearer: tuple[str, str], farther: tuple[str, str]) -> Token | None:
    # The first comma, bracket or end of a hole that limits an argument, at its own depth.
    depth = 0
    for token in tokens:
        sign = token.text if token.kind == "operator" else token.kind
        if depth == 0 and sign in (",", "middle", *nearer):
            return token
        depth += (sign in farther) - (sign in nearer)
    return None
