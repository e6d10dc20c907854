"""Decides what every name of a formula means."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from packsys.errors import FormulaError
from packsys.language.functions import LIBRARY
from packsys.language.functions.registry import Function
from packsys.language.matching import Labelled, Mismatch, match
from packsys.language.names import Binding, Names
from packsys.language.nodes import Constant, FunctionCall, Lambda, Let, Member, Node, Operation
from packsys.language.packcalls import bind_pack_call
from packsys.language.pushing import pushed, pushed_member
from packsys.language.scope import KnownPack, Scope, find_same
from packsys.language.shapes import UNKNOWN, NoMember, Typed, member_shape, shape_of
from packsys.language.signature import Kind, Shape
from packsys.language.suggestions import listed, near
from packsys.language.syntax import (
    Argument,
    Boolean,
    Call,
    Infix,
    Lint,
    Name,
    Number,
    Parsed,
    Prefix,
    Reference,
    Syntax,
    Template,
    Text,
)
from packsys.language.syntax import Member as WrittenMember
from packsys.language.walk import walk

_Visit: TypeAlias = Generator[Syntax, Typed, Typed]

_SIGNS = {"==": "=", "<>": "!="}
_FUNCTIONS = {"and": "And", "&&": "And", "or": "Or", "||": "Or", "not": "Not", "!": "Not"}
_RESULTS = {"&": Shape(Kind.TEXT)} | dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), Shape(Kind.BOOLEAN))


@dataclass(frozen=True, slots=True)
class Bound:
    """Is a formula with every name decided, and what its author should know.

    ``shape`` is what is known about its value. ``references`` says which names, by their places, are packs, connections
    and properties, as the stored form writes them.
    """

    tree: Node
    lints: tuple[Lint, ...]
    shape: Shape
    references: Mapping[tuple[int, int], Reference]


def bind(parsed: Parsed, scope: Scope, *, source: str) -> Bound:
    """Binds a parsed formula; ``source`` is its text, for errors. Raises :class:`~packsys.errors.FormulaError`."""
    resolver = _Resolver(scope, source)
    typed = walk(parsed.tree, resolver.visit)
    return Bound(typed.node, (*parsed.lints, *resolver.names.lints), typed.shape, resolver.names.references)


class _Resolver:
    def __init__(self, scope: Scope, source: str) -> None:
        self.scope = scope
        self.source = source
        self.names = Names(scope, source)
        self.slots = 0
        self.acts = 0  # how many actions were bound so far

    def visit(self, written: Syntax) -> Typed | _Visit:
        return _VISITS[type(written)](self, written)

    def literal(self, written: Number | Text | Boolean) -> Typed:
        return Typed(Constant(written.value, written.start, written.end), shape_of(written.value))

    def name(self, written: Name) -> Typed:
        return self.names.find(written)

    def reference(self, written: Reference) -> Typed:
        return self.names.refer(written)

    # Operators.

    def template(self, written: Template) -> _Visit:
        parts = yield from _nodes(written.parts)
        return Typed(Operation(("&",) * max(1, len(parts) - 1), parts, written.start, written.end), Shape(Kind.TEXT))

    def prefix(self, written: Prefix) -> _Visit:
        operand = yield written.operand
        match written.operator:
            case "+":
                return operand
            case "-":
                return Typed(Operation(("negate",), (operand.node,), written.start, written.end))
        return Typed(FunctionCall("Not", (operand.node,), written.start, written.end), Shape(Kind.BOOLEAN))

    def infix(self, written: Infix) -> _Visit:
        operands = yield from _nodes(written.operands)
        signs = tuple(_SIGNS.get(sign, sign) for sign in written.operators)
        function = _FUNCTIONS.get(signs[0])
        if function is None:
            return Typed(Operation(signs, operands, written.start, written.end), _RESULTS.get(signs[0], UNKNOWN))
        return Typed(FunctionCall(function, operands, written.start, written.end), Shape(Kind.BOOLEAN))

    # Members.

    def member(self, written: WrittenMember) -> _Visit:
        if (pack := self.names.qualifier(written.receiver, written.name.text)) is not None:
            raise self._not_called(pack, written)
        receiver = yield written.receiver
        wanted = written.name
        if isinstance(wanted, Reference) and wanted.kind == "packConnectionReference":
            raise self._error("A connection is no property", "UnknownMember", wanted)
        found = member_shape(receiver.shape, wanted.text)
        if isinstance(found, NoMember):
            raise self._no_member(found, wanted)
        name, shape = found
        self.names.note(wanted, "variable", ("", "", ""), name, member=True)
        member = Member(receiver.node, name, written.start, written.end)
        return Typed(pushed_member(member, receiver.shape), shape)

    def _no_member(self, found: NoMember, wanted: Name | Reference) -> FormulaError:
        has = f"; it has {listed(found.names)}" if found.names else ""
        message = f"{found.what} has no property {wanted.text!r}{has}"
        suggestions = near(wanted.text, found.names)
        if (function := LIBRARY.find(wanted.text)) is not None:
            suggestions = (f"{function.name}()", *suggestions)
        return self._error(message, "UnknownMember", wanted, suggestions)

    def _not_called(self, pack: KnownPack, written: WrittenMember) -> FormulaError:
        wanted = written.name
        if (formula := find_same(wanted.text, pack.formulas)) is not None:
            message = f"{pack.name}::{formula} is a formula: call it with parentheses"
            return self._error(message, "UnknownMember", wanted, (f"{pack.name}.{formula}()",))
        message = f"{pack.name} is a pack: call one of its formulas, {listed(pack.formulas)}"
        return self._error(message, "UnknownMember", wanted, near(wanted.text, pack.formulas))

    # Calls.

    def call(self, written: Call) -> _Visit:
        pack = self._pack(written)
        if pack is not None:
            return (yield from self._pack_call(pack, written))
        function = LIBRARY.find(written.name.text)
        if function is None or isinstance(written.name, Reference):
            raise self._unknown_function(written)
        if function.document:
            message = f"{function.name} works on a document, and this formula stands in none"
            raise self._error(message, "NoDocument", written.name)
        if function.action and not self.scope.actions:
            raise self._no_actions(function.name, written.name)
        self.acts += function.action
        if function.name == "WithName":
            return (yield from self._with_name(function, written))
        return (yield from self._function_call(function, written))

    def _pack(self, written: Call) -> KnownPack | None:
        if written.receiver is None:
            return None
        if written.qualified:
            return self.names.pack(written.receiver)
        return self.names.qualifier(written.receiver, written.name.text)

    def _pack_call(self, pack: KnownPack, written: Call) -> _Visit:
        arguments: list[Labelled[Typed]] = []
        for argument in written.arguments:
            value = argument.value
            typed = self.names.find(value, pack.id) if isinstance(value, Name) else (yield value)
            arguments.append(Labelled(_label(argument), typed, value.start, value.end))
        bound = bind_pack_call(pack, written, arguments, self.scope, self.source)
        self.acts += bound.action
        return Typed(bound, pack.formulas[bound.formula].result)

    def _function_call(self, function: Function, written: Call) -> _Visit:
        given = [Argument(None, written.receiver)] if written.receiver is not None else []
        arguments = [
            Labelled(_label(argument), argument.value, argument.value.start, argument.value.end)
            for argument in (*given, *written.arguments)
        ]
        try:
            matched = match(function.name, function.parameters, arguments)
        except Mismatch as problem:
            raise self._mismatch(problem, written) from None
        return (yield from self._bound_call(function, written, (*matched.fixed, *matched.rest)))

    def _bound_call(self, function: Function, written: Call, given: tuple[Syntax | None, ...]) -> _Visit:
        nodes: list[Node | None] = []
        shapes: list[Shape] = []
        for place, value in enumerate(given):
            if value is None:
                nodes.append(None)
                continue
            binds = function.parameter(place).name == function.binds
            typed = (yield from self._lambda(value, shapes[0])) if binds else (yield value)
            nodes.append(typed.node)
            shapes.append(typed.shape)
        shape = function.result if isinstance(function.result, Shape) else function.result(shapes)
        call = FunctionCall(function.name, tuple(nodes), written.start, written.end)
        return Typed(pushed(call, shapes[0]) if shapes else call, shape)

    def _lambda(self, body: Syntax, items: Shape) -> _Visit:
        item = (items.item or UNKNOWN) if items.kind is Kind.LIST else items
        self.slots += 1
        binding = Binding("CurrentValue", self.slots, item, None, columns=True)
        acts = self.acts
        self.names.bindings.append(binding)
        typed = yield body
        self.names.bindings.pop()
        node = Lambda(binding.slot, binding.name, typed.node, self.acts > acts, body.start, body.end)
        return Typed(node, typed.shape)

    def _with_name(self, function: Function, written: Call) -> _Visit:
        given = ([] if written.receiver is None else [written.receiver]) + [item.value for item in written.arguments]
        if len(given) != len(function.parameters) or any(item.label for item in written.arguments):
            raise self._error(f"Write value.WithName(name, expression), as in {_NAMED}", "WrongArguments", written)
        value, name, body = given
        if not isinstance(name, Name):
            raise self._error(f"WithName needs a name to give, as in {_NAMED}", "WrongArguments", name)
        typed = yield value
        self.slots += 1
        binding = Binding(name.text, self.slots, typed.shape, typed.account, columns=False)
        self.names.bindings.append(binding)
        inner = yield body
        self.names.bindings.pop()
        let = Let(binding.slot, binding.name, typed.node, inner.node, written.start, written.end)
        return Typed(let, inner.shape, inner.account)

    # Errors.

    def _unknown_function(self, written: Call) -> FormulaError:
        wanted = written.name
        packs = [pack for name in self.scope.pack_names() if (pack := self.scope.pack_by_name(name)) is not None]
        homes = [(pack.name, found) for pack in packs if (found := find_same(wanted.text, pack.formulas))]
        suggestions = (*(f"{pack}::{formula}" for pack, formula in homes), *near(wanted.text, LIBRARY.names()))
        return self._error(f"There is no function {wanted.text!r}", "UnknownFormula", wanted, suggestions)

    def _no_actions(self, name: str, place: Name | Reference) -> FormulaError:
        message = f"{name} has effects: actions are allowed in buttons and automations only"
        return self._error(message, "ActionNotAllowed", place)

    def _mismatch(self, problem: Mismatch, written: Call) -> FormulaError:
        start, end = problem.place or (written.name.start, written.end)
        return FormulaError(
            problem.message,
            kind="WrongArguments",
            formula=self.source,
            start=start,
            end=end,
            suggestions=problem.suggestions,
        )

    def _error(self, message: str, kind: str, place: Syntax, suggestions: tuple[str, ...] = ()) -> FormulaError:
        return FormulaError(
            message, kind=kind, formula=self.source, start=place.start, end=place.end, suggestions=suggestions
        )


def _nodes(parts: Sequence[Syntax]) -> Generator[Syntax, Typed, tuple[Node, ...]]:
    nodes: list[Node] = []
    for part in parts:
        typed = yield part
        nodes.append(typed.node)
    return tuple(nodes)


def _label(argument: Argument) -> str | None:
    return None if argument.label is None else argument.label.text


_NAMED = "Today().WithName(now, Year(now))"

_VISITS: Mapping[type[Any], Callable[[_Resolver, Any], Typed | _Visit]] = {
    Number: _Resolver.literal,
    Text: _Resolver.literal,
    Boolean: _Resolver.literal,
    Name: _Resolver.name,
    Reference: _Resolver.reference,
    WrittenMember: _Resolver.member,
    Call: _Resolver.call,
    Prefix: _Resolver.prefix,
    Infix: _Resolver.infix,
    Template: _Resolver.template,
}
