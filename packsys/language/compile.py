"""From text to bound tree, in one step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from packsys.language.nodes import Node
from packsys.language.parser import parse_formula, parse_template
from packsys.language.resolver import bind
from packsys.language.scope import Scope
from packsys.language.syntax import Lint, Parsed

_CACHED_LENGTH = 4_096  # what is longer is rare, and would fill the cache


@dataclass(frozen=True)
class Compiled:
    """Is a formula that can be planned and run, and what its author should know."""

    tree: Node
    source: str
    warnings: tuple[str, ...] = ()


class Compiler:
    """Compiles formulas and remembers how the last ``cache_size`` of them parse; names are bound each time."""

    def __init__(self, *, cache_size: int = 512) -> None:
        """Starts with nothing remembered. May be used by several threads."""
        self._formula = lru_cache(maxsize=cache_size)(parse_formula)
        self._template = lru_cache(maxsize=cache_size)(parse_template)

    def compile(self, text: str, scope: Scope) -> Compiled:
        """Compiles a formula; raises :class:`~packsys.errors.FormulaError`."""
        return _compiled(self._formula if len(text) <= _CACHED_LENGTH else parse_formula, text, scope)

    def compile_template(self, text: str, scope: Scope) -> Compiled:
        """Compiles a document's text with holes ``{=…}``; raises :class:`~packsys.errors.FormulaError`."""
        return _compiled(self._template if len(text) <= _CACHED_LENGTH else parse_template, text, scope)


def compile_formula(text: str, scope: Scope) -> Compiled:
    """Compiles a formula and remembers nothing; raises :class:`~packsys.errors.FormulaError`."""
    return _compiled(parse_formula, text, scope)


def _compiled(parse: Callable[[str], Parsed], text: str, scope: Scope) -> Compiled:
    bound = bind(parse(text), scope, source=text)
    return Compiled(bound.tree, text, tuple(_sentence(lint, text) for lint in bound.lints))


def _sentence(lint: Lint, text: str) -> str:
    line = text.count("\n", 0, lint.start) + 1
    column = lint.start - text.rfind("\n", 0, lint.start)
    return f"{lint.message} (line {line}, column {column})"
