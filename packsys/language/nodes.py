"""What is meant: the tree that the resolver builds, with every name decided.

It holds ids and declarations, so that a worker evaluates it without looking anything up. Every node knows its
offsets in the formula. Like the tree of :mod:`packsys.language.syntax` it may be high: walk it with
:func:`packsys.language.walk.walk`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from packsys.language.signature import Need, Parameter
from packsys.values import Value


@dataclass(frozen=True, slots=True)
class Constant:
    """Is a value that stands in the formula."""

    value: Value
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AccountRef:
    """Is a connected account, by its id; ``name`` is for people."""

    id: str
    pack_id: int
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Variable:
    """Is a variable of the job; its name matches in any case."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Local:
    """Is a name that a lambda or ``WithName`` binds; each binding of a formula has a ``slot`` of its own."""

    slot: int
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Member:
    """Is a property of an object, or of every object of a list."""

    receiver: Node
    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Operation:
    """Is a run of strict operators, applied from the left; ``negate`` has one operand."""

    operators: tuple[str, ...]
    operands: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """Is a call of a built-in function.

    There is one argument per parameter, None where it was left out; what variadic parameters took follows at the
    end.
    """

    function: str
    arguments: tuple[Node | None, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Let:
    """Binds a value to a slot for the length of an expression."""

    slot: int
    name: str
    value: Node
    body: Node
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lambda:
    """Is an expression that a function evaluates once per item, the item in ``slot``.

    One that holds actions is ``ordered``: an item waits for the one before it.
    """

    slot: int
    name: str
    body: Node
    ordered: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Given:
    """Is one parameter of a pack formula and what was given for it: nothing, one node, or one per variadic set."""

    parameter: Parameter
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class PackCall:
    """Is a call of a pack formula, of the release that it was bound with."""

    pack_id: int
    pack: str
    version: str
    formula: str
    need: Need
    action: bool
    account: Node | None
    arguments: tuple[Given, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TableRead:
    """Is a question about the rows of a sync table, by the table's id; ``name`` is for people.

    ``query`` is plain JSON as :mod:`packsys.language.tables` has it, in which places among ``values`` stand for values.
    Where those, or the rows, do not allow the question to be asked, ``instead`` is evaluated: it means the same.
    """

    table: str
    name: str
    query: Mapping[str, Any]
    values: tuple[Node, ...]
    instead: Node | None
    start: int
    end: int


Node: TypeAlias = (
    Constant | AccountRef | Variable | Local | Member | Operation | FunctionCall | Let | Lambda | PackCall | TableRead
)


def children(node: Node) -> Iterator[Node]:
    """Lists what a node is made of, in the order in which it is evaluated."""
    match node:
        case Member():
            yield node.receiver
        case Operation():
            yield from node.operands
        case FunctionCall():
            yield from (argument for argument in node.arguments if argument is not None)
        case Let():
            yield from (node.value, node.body)
        case Lambda():
            yield node.body
        case PackCall():
            yield from () if node.account is None else (node.account,)
            for given in node.arguments:
                yield from given.nodes
        case TableRead():
            yield from node.values
            yield from () if node.instead is None else (node.instead,)
