"""What stands before a place in a formula: the open calls around it, and what it continues."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from packsys.errors import FormulaError
from packsys.language.functions import LIBRARY
from packsys.language.functions.registry import Function
from packsys.language.parser import parse_formula
from packsys.language.parser.scanner import scan
from packsys.language.parser.tokens import Token
from packsys.language.resolver import bind
from packsys.language.scope import KnownPack, Scope, find_same
from packsys.language.shapes import UNKNOWN
from packsys.language.signature import Kind, Shape, Signature

_NAMES = ("name", "bracket", "reference")


@dataclass
class Open:
    """Is a call that is open: ``name`` is its place among the tokens, ``begin`` that of its receiver or itself."""

    name: int
    begin: int
    bracket: int
    commas: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Context:
    """Is the text before a place, cut into tokens; ``prefix`` is the name that is being typed there.

    ``bracketed`` tells whether it stands in an open ``[``, ``literal`` whether the place is inside a text.
    """

    text: str
    tokens: tuple[Token, ...]
    prefix: str = ""
    bracketed: bool = False
    literal: bool = False

    def last(self) -> str:
        """Gives the sign right before the name that is typed, empty for none."""
        return self.tokens[-1].text if self.tokens and self.tokens[-1].kind == "operator" else ""

    def calls(self) -> list[Open]:
        """Lists the open calls, outermost first."""
        stack: list[Open | None] = []
        for at, token in enumerate(self.tokens):
            if token.kind in ("open", "middle"):
                stack.append(None)
            elif token.kind == "operator" and token.text == "(":
                stack.append(self._opened(at))
            elif (token.kind == "close" or token.text == ")") and token.kind != "text" and stack:
                stack.pop()
            elif token.kind == "operator" and token.text == "," and stack and stack[-1]:
                stack[-1].commas.append(at)
        return [call for call in stack if call]

    def _opened(self, bracket: int) -> Open | None:
        if bracket == 0 or self.tokens[bracket - 1].kind not in _NAMES:
            return None
        return Open(bracket - 1, self.begin(bracket - 1), bracket)

    def begin(self, at: int) -> int:
        """Finds where the chain begins that a token ends."""
        while True:
            if self.tokens[at].text == ")" and self.tokens[at].kind == "operator":
                at = self._bracket(at)
                at -= at > 0 and self.tokens[at - 1].kind in _NAMES
            if at < 2 or self.before(at) not in (".", "::"):
                return at
            at -= 2

    def _bracket(self, closed: int) -> int:
        depth = 0
        for at in range(closed, -1, -1):
            if self.tokens[at].kind == "operator":
                depth += (self.tokens[at].text == ")") - (self.tokens[at].text == "(")
                if depth == 0:
                    return at
        return 0

    def source(self, begin: int, end: int) -> str:
        """Gives the text of some tokens, ``end`` exclusive."""
        return self.text[self.tokens[begin].start : self.tokens[end - 1].end] if begin < end else ""

    def before(self, at: int) -> str:
        """Gives the sign before a token, empty for none."""
        return self.tokens[at - 1].text if at and self.tokens[at - 1].kind == "operator" else ""


def context_at(text: str, position: int) -> Context:
    """Cuts the text before a position into tokens."""
    before = text[:position]
    try:
        tokens = scan(before).tokens[:-1]
    except FormulaError as problem:
        return _unfinished(before, problem)
    skipped = before[tokens[-1].end if tokens else 0 :]
    if "//" in skipped.rsplit("\n", 1)[-1]:
        return Context(before, (), literal=True)
    if tokens and tokens[-1].kind == "name" and tokens[-1].end == len(before):
        return Context(before, tokens[:-1], prefix=tokens[-1].text)
    return Context(before, tokens)


def _unfinished(before: str, problem: FormulaError) -> Context:
    if problem.expected != ("]",):
        return Context(before, (), literal=True)
    head = before[: problem.start]
    return Context(head, context_at(head, len(head)).tokens, prefix=before[problem.start + 1 :], bracketed=True)


def pack_before(context: Context, at: int, scope: Scope) -> KnownPack | None:
    """Finds the pack that a token names."""
    token = context.tokens[at]
    if token.kind == "reference":
        number = token.text.split(":")[1] if ":" in token.text else ""
        return scope.pack_by_id(int(number)) if number.isascii() and number.isdigit() and len(number) < 16 else None
    return scope.pack_by_name(token.text) if token.kind in ("name", "bracket") else None


def called(context: Context, call: Open, scope: Scope) -> Function | Signature | None:
    """Finds what an open call calls."""
    name = context.tokens[call.name].text
    if call.begin < call.name:
        pack = pack_before(context, call.name - 2, scope)
        formula = pack and find_same(name, pack.formulas)
        if pack and formula:
            return pack.formulas[formula]
    return None if context.before(call.name) == "::" else LIBRARY.find(name)


def shape_before(context: Context, at: int, calls: Sequence[Open], scope: Scope) -> Shape:
    """Gives what is known about the chain that ends before a token, inside the expressions of open calls."""
    return _shape(context, context.source(context.begin(at - 1), at), calls, scope)


def item_shape(context: Context, calls: Sequence[Open], scope: Scope) -> Shape | None:
    """Gives what is known about ``CurrentValue`` of the innermost expression, or nothing outside all of them."""
    if not any(_items(context, call) for call in calls):
        return None
    return _shape(context, "CurrentValue", calls, scope)


def _shape(context: Context, expression: str, calls: Sequence[Open], scope: Scope) -> Shape:
    depth = 0
    for call in reversed(calls):
        if items := _items(context, call):
            expression, depth = f"({items}).FormulaMap({expression})", depth + 1
    try:
        shape = bind(parse_formula(expression), scope, source=expression).shape
    except FormulaError:
        return UNKNOWN
    for _ in range(depth):
        shape = (shape.item or UNKNOWN) if shape.kind is Kind.LIST else UNKNOWN
    return shape


def _items(context: Context, call: Open) -> str:
    """Gives the list whose items a call's expression is about, empty when it has none."""
    function = LIBRARY.find(context.tokens[call.name].text)
    if function is None or function.binds is None or context.before(call.name) == "::":
        return ""
    if call.begin < call.name:
        return context.source(call.begin, call.name - 1)
    return context.source(call.bracket + 1, call.commas[0]) if call.commas else ""
