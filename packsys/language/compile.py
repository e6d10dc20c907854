"""From text to bound tree, in one step."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from threading import Lock

from packsys.language.codec import dumps
from packsys.language.nodes import Node
from packsys.language.parser import parse_formula, parse_template
from packsys.language.resolver import bind
from packsys.language.scope import Scope
from packsys.language.syntax import Lint, Parsed
from packsys.language.transcript import Transcript

_CACHED_LENGTH = 4_096  # what is longer is rare, and would fill the cache

_Parse = Callable[[str], Parsed]


@dataclass(frozen=True)
class Compiled:
    """Is a formula that can be planned and run, and what its author should know."""

    tree: Node
    source: str
    warnings: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        """Gives the bound formula as :func:`packsys.language.codec.dumps` writes it; written once."""
        return dumps(self.tree)


class Compiler:
    """Compiles formulas, and remembers the last ``cache_size`` of them with what binding asked of the scope.

    A formula that comes again in a scope that gives the same answers costs only its hash and the questions: packs by
    their numbers and names, connections, the names of variables. Where an answer has changed, it is compiled anew.
    """

    def __init__(self, *, cache_size: int = 512) -> None:
        """Starts with nothing remembered. May be used by several threads."""
        self._size = cache_size
        self._kept: OrderedDict[tuple[str, str, _Parse], tuple[Transcript, Compiled]] = OrderedDict()
        self._lock = Lock()

    def compile(self, text: str, scope: Scope) -> Compiled:
        """Compiles a formula; raises :class:`~packsys.errors.FormulaError`."""
        return self._compile(parse_formula, text, scope)

    def compile_template(self, text: str, scope: Scope) -> Compiled:
        """Compiles a document's text with holes ``{=…}``; raises :class:`~packsys.errors.FormulaError`."""
        return self._compile(parse_template, text, scope)

    def _compile(self, parse: _Parse, text: str, scope: Scope) -> Compiled:
        if len(text) > _CACHED_LENGTH:
            return _compiled(parse, text, scope)
        key = (text, scope.home, parse)
        known = self._kept.get(key)
        if known is None or not known[0].holds(scope):
            transcript = Transcript(scope)
            known = transcript, _compiled(parse, text, transcript)
            transcript.close()
        self._keep(key, known)
        return known[1]

    def _keep(self, key: tuple[str, str, _Parse], known: tuple[Transcript, Compiled]) -> None:
        with self._lock:
            self._kept[key] = known
            self._kept.move_to_end(key)
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)


def compile_formula(text: str, scope: Scope) -> Compiled:
    """Compiles a formula and remembers nothing; raises :class:`~packsys.errors.FormulaError`."""
    return _compiled(parse_formula, text, scope)


def _compiled(parse: _Parse, text: str, scope: Scope) -> Compiled:
    bound = bind(parse(text), scope, source=text)
    return Compiled(bound.tree, text, tuple(_sentence(lint, text) for lint in bound.lints))


def _sentence(lint: Lint, text: str) -> str:
    line = text.count("\n", 0, lint.start) + 1
    column = lint.start - text.rfind("\n", 0, lint.start)
    return f"{lint.message} (line {line}, column {column})"
