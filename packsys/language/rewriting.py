"""Makes a tree of another one, node by node."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from typing import Any, TypeAlias, cast

from packsys.language.syntax import Argument, Call, Infix, Member, Name, Prefix, Reference, Syntax, Template
from packsys.language.walk import walk

_Visit: TypeAlias = Generator[Syntax, Syntax, Syntax]


def rewritten(tree: Syntax, change: Callable[[Syntax], Syntax]) -> Syntax:
    """Changes every node, children before their parents; what a node is looked up by is its place."""

    def visit(node: Syntax) -> Syntax | _Visit:
        parts = _PARTS.get(type(node))
        return change(node) if parts is None else _inner(node, parts)

    def _inner(node: Syntax, parts: Callable[[Any], _Visit]) -> _Visit:
        return change((yield from parts(node)))

    return cast("Syntax", walk(tree, visit))


def _member(node: Member) -> _Visit:
    receiver = yield node.receiver
    name = yield node.name
    return replace(node, receiver=receiver, name=name if isinstance(name, Name | Reference) else node.name)


def _call(node: Call) -> _Visit:
    receiver = node.receiver
    if receiver is not None:
        receiver = yield receiver
    arguments: list[Argument] = []
    for argument in node.arguments:
        value = yield argument.value
        arguments.append(replace(argument, value=value))
    return replace(node, receiver=receiver, arguments=tuple(arguments))


def _prefix(node: Prefix) -> _Visit:
    operand = yield node.operand
    return replace(node, operand=operand)


def _infix(node: Infix) -> _Visit:
    operands: list[Syntax] = []
    for operand in node.operands:
        operands.append((yield operand))  # noqa: PERF401 - a comprehension cannot yield
    return replace(node, operands=tuple(operands))


def _template(node: Template) -> _Visit:
    parts: list[Syntax] = []
    for part in node.parts:
        parts.append((yield part))  # noqa: PERF401 - a comprehension cannot yield
    return replace(node, parts=tuple(parts))


_PARTS: Mapping[type[Any], Callable[[Any], _Visit]] = {
    Member: _member,
    Call: _call,
    Prefix: _prefix,
    Infix: _infix,
    Template: _template,
}
