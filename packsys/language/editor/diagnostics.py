"""All that is wrong with a formula, as far as one mistake does not hide another.

A part that is wrong is put aside, and the rest is read again: an argument that cannot be parsed, a node that cannot be
bound. This is for editors only; what runs is free of errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from packsys.errors import FormulaError
from packsys.language.parser import parse_formula
from packsys.language.parser.scanner import scan
from packsys.language.parser.tokens import Token
from packsys.language.resolver import bind
from packsys.language.rewriting import rewritten
from packsys.language.scope import Scope
from packsys.language.syntax import Call, Lint, Member, Name, Parsed, Syntax

MOST: Final = 5
"""Errors that are reported at once."""


@dataclass(frozen=True)
class Diagnostic:
    """Is one thing to mark in an editor: an ``error``, or a ``warning`` where the formula runs.

    Offsets are code points, ``end`` exclusive; ``kind`` is the code of :class:`~packsys.errors.FormulaError`.
    """

    severity: str
    kind: str
    message: str
    start: int
    end: int
    suggestions: tuple[str, ...] = ()
    fix: str | None = None


def diagnostics(text: str, scope: Scope) -> list[Diagnostic]:
    """Lists up to five errors by their places, or else what the author should know."""
    errors: list[FormulaError] = []
    parsed = _parsed(text, errors)
    lints = _bound(parsed, text, scope, errors) if parsed is not None else ()
    if errors:
        return [_error(error) for error in sorted(errors[:MOST], key=lambda error: error.start)]
    return [Diagnostic("warning", "Lint", lint.message, lint.start, lint.end) for lint in lints]


def _error(error: FormulaError) -> Diagnostic:
    return Diagnostic("error", error.kind, error.message, error.start, error.end, error.suggestions, error.fix)


def _parsed(text: str, errors: list[FormulaError]) -> Parsed | None:
    patched, dirty = text, list[int]()
    for _ in range(2 * MOST):
        try:
            return parse_formula(patched)
        except FormulaError as error:
            region = _argument(patched, error)
            if not any(region is None or region[0] <= place < region[1] for place in dirty):
                errors.append(error)
            if len(errors) >= MOST or error.kind != "Syntax":
                return None
            dirty.append(error.start)
            if region is None:
                return None
            patched = f"{patched[: region[0]]}{'0'.ljust(region[1] - region[0])}{patched[region[1] :]}"
    return None


def _argument(text: str, error: FormulaError) -> tuple[int, int] | None:
    """Gives the argument that an error lies in, or nothing outside all calls, or where no end is found."""
    try:
        tokens = scan(text).tokens
    except FormulaError:
        return _without(text, error)
    first = next((at for at, token in enumerate(tokens) if token.end > error.start), len(tokens) - 1)
    begin, end = _edge(tokens, range(first - 1, -1, -1), "()"), _edge(tokens, range(first, len(tokens)), ")(")
    if begin is None or end is None or begin.end >= end.start:
        return None
    return begin.end, end.start


def _without(text: str, error: FormulaError) -> tuple[int, int] | None:
    # A character that means nothing: what stands around it can be read without it.
    rest = text[error.start : error.end]
    return (error.start, error.end) if rest and not set(rest) & set("\"'[{“”$/") and error.end < len(text) else None


def _edge(tokens: Sequence[Token], places: range, brackets: str) -> Token | None:
    # The comma or bracket that limits an argument, at its own depth.
    depth = 0
    for place in places:
        token = tokens[place]
        if token.kind != "operator":
            continue
        if depth == 0 and token.text in (",", brackets[0]):
            return token
        depth += (token.text == brackets[1]) - (token.text == brackets[0])
    return None


def _bound(parsed: Parsed, text: str, scope: Scope, errors: list[FormulaError]) -> tuple[Lint, ...]:
    tree, blanked = parsed.tree, set[tuple[int, int]]()
    while len(errors) < MOST:
        try:
            return bind(Parsed(tree, parsed.lints), scope, source=text).lints
        except FormulaError as error:
            if not any((known.start, known.message) == (error.start, error.message) for known in errors):
                errors.append(error)
            wrong = _innermost(tree, error, blanked)
            if wrong is None:
                break
            tree = _blanked(tree, wrong)
            blanked.add((wrong.start, wrong.end))
    return ()


def _blanked(tree: Syntax, wrong: Syntax) -> Syntax:
    name = Name("Blank", False, wrong.start, wrong.end)
    blank = Call(None, name, False, (), wrong.start, wrong.end)
    return rewritten(tree, lambda node: blank if _same(node, wrong) else node)


def _same(node: Syntax, wrong: Syntax) -> bool:
    return type(node) is type(wrong) and (node.start, node.end) == (wrong.start, wrong.end)


def _innermost(tree: Syntax, error: FormulaError, blanked: set[tuple[int, int]]) -> Syntax | None:
    """Finds the smallest node around an error that was not put aside yet; the name of a member is no node."""
    around: list[Syntax] = []
    parts = set(blanked)

    def look(node: Syntax) -> Syntax:
        if isinstance(node, Member):
            parts.add((node.name.start, node.name.end))
        if node.start <= error.start and error.end <= node.end:
            around.append(node)
        return node

    rewritten(tree, look)
    around = [node for node in around if (node.start, node.end) not in parts]
    return min(around, key=lambda node: node.end - node.start, default=None)
