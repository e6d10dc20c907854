"""The pack calls of a formula and what each waits for, found without running anything."""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from packsys.language.functions import LIBRARY
from packsys.language.functions.registry import Function
from packsys.language.nodes import (
    AccountRef,
    Constant,
    FunctionCall,
    Lambda,
    Let,
    Local,
    Member,
    Node,
    Operation,
    PackCall,
    TableRead,
    Variable,
)
from packsys.language.walk import walk
from packsys.values import canonical

_NONE: frozenset[int] = frozenset()


@dataclass(slots=True)
class Vertex:
    """Is one structurally distinct pack call, or question to a table; equal ones of a formula share one.

    ``data`` are the calls whose results it takes, ``waits`` those that decide whether it is made, or come before it
    in a sequence of actions. A ``guarded`` call may not be made at all; one that ``fans_out`` is made per item.
    """

    number: int
    call: PackCall | TableRead
    data: frozenset[int]
    waits: frozenset[int]
    guarded: bool
    fans_out: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """Is what is known about an expression: its structure, the calls it takes results of, and whether it varies.

    Equal structures have equal numbers; what varies depends on the item of a list.
    """

    structure: int
    needs: frozenset[int] = _NONE
    varies: bool = False


_Visit: TypeAlias = Generator[Node, Facts, Facts]


def graph_of(tree: Node) -> list[Vertex]:
    """Lists the calls of a formula; each stands behind those it depends on."""
    builder = _Builder()
    walk(tree, builder.visit)
    return builder.vertices


@dataclass(slots=True)
class _Builder:
    vertices: list[Vertex] = field(default_factory=list)
    structures: dict[Hashable, int] = field(default_factory=dict)
    calls: dict[int, Vertex] = field(default_factory=dict)
    locals: dict[int, Facts] = field(default_factory=dict)
    waits: frozenset[int] = _NONE
    guarded: bool = False

    def visit(self, node: Node) -> Facts | _Visit:
        return _VISITS[type(node)](self, node)

    def structure(self, *parts: Hashable) -> int:
        return self.structures.setdefault(parts, len(self.structures))

    def constant(self, node: Constant) -> Facts:
        return Facts(self.structure("constant", canonical(node.value)))

    def account(self, node: AccountRef) -> Facts:
        return Facts(self.structure("account", node.id))

    def variable(self, node: Variable) -> Facts:
        return Facts(self.structure("variable", node.name.casefold()))

    def local(self, node: Local) -> Facts:
        return self.locals[node.slot]

    def member(self, node: Member) -> _Visit:
        receiver = yield node.receiver
        return self._joined([receiver], "member", node.name)

    def operation(self, node: Operation) -> _Visit:
        operands = yield from _all(node.operands)
        return self._joined(operands, "operation", node.operators)

    def let(self, node: Let) -> _Visit:
        self.locals[node.slot] = yield node.value
        return (yield node.body)

    def function(self, node: FunctionCall) -> _Visit:
        function = LIBRARY.find(node.function)
        if function is not None and function.lazy:
            facts = yield from self._lazy(function, node)
        else:
            facts = yield from self._strict(node)
        return self._joined(facts, "function", node.function)

    def _lazy(self, function: Function, node: FunctionCall) -> Generator[Node, Facts, list[Facts]]:
        facts: list[Facts] = []
        decided = _NONE
        roles = function.roles(len(node.arguments))
        for place, (argument, role) in enumerate(zip(node.arguments, roles, strict=True)):
            if argument is None:
                continue
            with self._waiting(decided, guarded=place > 0 and not function.action):
                found = yield argument
            facts.append(found)
            decided |= found.needs if role == "decides" else _NONE
        return facts

    def _strict(self, node: FunctionCall) -> Generator[Node, Facts, list[Facts]]:
        facts: list[Facts] = []
        for argument in node.arguments:
            if isinstance(argument, Lambda):
                facts.append((yield from self._each(argument, facts[0])))
            elif argument is not None:
                facts.append((yield argument))
        return facts

    def _each(self, expression: Lambda, items: Facts) -> _Visit:
        self.locals[expression.slot] = Facts(self.structure("item", items.structure), items.needs, varies=True)
        with self._waiting(items.needs, guarded=False):
            body = yield expression.body
        return Facts(self.structure("each", body.structure), body.needs, items.varies)

    def pack_call(self, node: PackCall) -> _Visit:
        given = [part for argument in node.arguments for part in argument.nodes]
        facts = yield from _all(given if node.account is None else [node.account, *given])
        shape = tuple((argument.parameter.name, len(argument.nodes)) for argument in node.arguments)
        place = node.start if node.action else None
        joined = self._joined(
            facts, "pack", node.pack_id, node.version, node.formula, node.account is None, shape, place
        )
        vertex = self.calls.get(joined.structure) or self._added(node, joined)
        self._met(vertex)
        return Facts(joined.structure, frozenset({vertex.number}), joined.varies)

    def table_read(self, node: TableRead) -> _Visit:
        # What is done instead asks other tables nothing: it is not planned, as what a retry does is not.
        facts = yield from _all(node.values)
        joined = self._joined(facts, "table", node.table, canonical(node.query))
        vertex = self.calls.get(joined.structure) or self._added(node, joined)
        self._met(vertex)
        return Facts(joined.structure, frozenset({vertex.number}), joined.varies)

    def _added(self, node: PackCall | TableRead, facts: Facts) -> Vertex:
        vertex = Vertex(len(self.vertices) + 1, node, facts.needs, self.waits, self.guarded, facts.varies)
        self.vertices.append(vertex)
        self.calls[facts.structure] = vertex
        return vertex

    def _met(self, vertex: Vertex) -> None:
        # Where a call stands twice, the place that waits for less decides.
        vertex.guarded &= self.guarded
        vertex.waits = min(vertex.waits, self.waits)

    def _joined(self, facts: Sequence[Facts], *named: Hashable) -> Facts:
        structure = self.structure(*named, *(fact.structure for fact in facts))
        needs = _NONE.union(*(fact.needs for fact in facts))
        return Facts(structure, needs, any(fact.varies for fact in facts))

    @contextmanager
    def _waiting(self, more: frozenset[int], *, guarded: bool) -> Iterator[None]:
        before = self.waits, self.guarded
        self.waits, self.guarded = self.waits | more, self.guarded or guarded
        yield
        self.waits, self.guarded = before


def _all(parts: Sequence[Node]) -> Generator[Node, Facts, list[Facts]]:
    facts: list[Facts] = []
    for part in parts:
        found = yield part
        facts.append(found)
    return facts


_VISITS: Mapping[type[Any], Callable[[_Builder, Any], Facts | _Visit]] = {
    Constant: _Builder.constant,
    AccountRef: _Builder.account,
    Variable: _Builder.variable,
    Local: _Builder.local,
    Member: _Builder.member,
    Operation: _Builder.operation,
    Let: _Builder.let,
    FunctionCall: _Builder.function,
    PackCall: _Builder.pack_call,
    TableRead: _Builder.table_read,
}
