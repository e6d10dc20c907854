"""All that is wrong with a formula, as far as one mistake does not hide another.

A part that is wrong is put aside, and the rest is read again: what cannot be parsed, and a node that cannot be bound.
This is for editors only; what runs is free of errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from packsys.errors import FormulaError
from packsys.language.editor.recovery import recover, within
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
    recovered = recover(text, most=MOST)
    errors = list(recovered.errors)
    lints = _bound(recovered.parsed, text, scope, errors) if recovered.parsed else ()
    if errors:
        return [_error(error) for error in sorted(errors[:MOST], key=lambda error: error.start)]
    return [Diagnostic("warning", "Lint", lint.message, lint.start, lint.end) for lint in lints]


def _error(error: FormulaError) -> Diagnostic:
    return Diagnostic("error", error.kind, error.message, error.start, error.end, error.suggestions, error.fix)


def _bound(parsed: Parsed, text: str, scope: Scope, errors: list[FormulaError]) -> tuple[Lint, ...]:
    tree, blanked = parsed.tree, set[tuple[int, int]]()
    while len(errors) < MOST:
        try:
            return bind(Parsed(tree, parsed.lints), scope, source=text).lints
        except FormulaError as error:
            if not any(known.start == error.start for known in errors) and error.start < len(text):
                errors.append(within(error, text))
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
