"""Writes bound trees and invocations as text, and reads them back.

A tree becomes a flat list in which children stand before their parents and are named by their places, so that no
depth of nesting troubles a JSON reader. The text carries the number of its form: a worker of another release
refuses what it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _quoted
from typing import Any, Final, NamedTuple

from packsys.errors import HouseError
from packsys.language.invocation import Invocation
from packsys.language.nodes import (
    AccountRef,
    Constant,
    FunctionCall,
    Given,
    Lambda,
    Let,
    Local,
    Member,
    Node,
    Operation,
    PackCall,
    TableRead,
    Variable,
    children,
)
from packsys.language.signature import Kind, Need, Parameter, Shape
from packsys.values import Json, from_json, kept_text, to_json

FORM: Final = 1


def dumps(tree: Node) -> str:
    """Writes a bound tree."""
    order = _children_first(tree)
    places = {id(node): place for place, node in enumerate(order)}
    rows = [_row(node, lambda child: places[id(child)]) for node in order]
    return json.dumps({"form": FORM, "nodes": rows}, ensure_ascii=True, separators=(",", ":"))


@lru_cache(maxsize=256)
def loads(text: str) -> Node:
    """Reads what :func:`dumps` wrote, once; raises :class:`~packsys.errors.HouseError` for anything else."""
    try:
        return _read(json.loads(text))
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, AttributeError) as problem:
        raise HouseError("A kept formula is damaged: it is not what this release writes.") from problem


def invocation_to_json(invocation: Invocation, dump: Callable[[Json], str]) -> str:
    """Writes an invocation as JSON, with what writes plain JSON.

    What it has in common with the calls of other jobs, which is nearly all of it, is written once.
    """
    own = f'{{"key":{_quoted(invocation.key)},"arguments":{kept_text(invocation.arguments)}'
    pack = invocation.pack_id, invocation.pack, invocation.version, invocation.formula, invocation.account
    return own + _common(dump, *pack, invocation.action, invocation.fresh, invocation.start, invocation.end)


@lru_cache(maxsize=1024)
def _common(dump: Callable[[Json], str], *terms: str | int | None) -> str:
    names = ("pack_id", "pack", "version", "formula", "account", "action", "fresh", "start", "end")
    return f",{dump(dict(zip(names, terms, strict=True)))[1:]}"


def invocation_from_json(data: Mapping[str, Any]) -> Invocation:
    """Reads what :func:`invocation_to_json` wrote."""
    arguments = from_json(data["arguments"])
    if not isinstance(arguments, Mapping):
        raise HouseError("A kept call is damaged: its arguments are not an object.")
    return Invocation(**{**data, "arguments": arguments})


def _children_first(tree: Node) -> list[Node]:
    """Lists the nodes of a tree, each once: what a table is asked, and what is done instead, share some."""
    order, placed, waiting = list[Node](), set[int](), [(tree, False)]
    while waiting:
        node, inner = waiting.pop()
        if id(node) in placed:
            continue
        if inner:
            order.append(node)
            placed.add(id(node))
        else:
            waiting.append((node, True))
            waiting.extend((child, False) for child in children(node))
    return order


_Write = Callable[[Any, Callable[[Node], int]], Any]
_Read = Callable[[Any, Sequence[Node]], Any]


class _Field(NamedTuple):
    write: _Write
    read: _Read


def _write_given(given: Given, place: Callable[[Node], int]) -> list[Any]:
    parameter, item = given.parameter, given.parameter.shape.item
    kinds = [parameter.shape.kind.value, item and item.kind.value]
    terms = [parameter.required, to_json(parameter.default), parameter.variadic, parameter.sparse]
    return [parameter.name, kinds, terms, [*map(place, given.nodes)]]


def _read_given(data: Sequence[Any], nodes: Sequence[Node]) -> Given:
    name, (kind, item), (required, default, variadic, sparse), places = data
    shape = Shape(Kind(kind), item=item and Shape(Kind(item)))
    parameter = Parameter(name, shape, required, from_json(default), variadic, sparse)
    return Given(parameter, tuple(nodes[place] for place in places))


_PLAIN = _Field(lambda value, place: value, lambda data, nodes: data)
_VALUE = _Field(lambda value, place: to_json(value), lambda data, nodes: from_json(data))
_NEED = _Field(lambda need, place: need.value, lambda data, nodes: Need(data))
_SIGNS = _Field(lambda signs, place: [*signs], lambda data, nodes: tuple(data))
_NODE = _Field(
    lambda node, place: None if node is None else place(node), lambda data, nodes: None if data is None else nodes[data]
)
_NODES = _Field(
    lambda inner, place: [_NODE.write(node, place) for node in inner],
    lambda data, nodes: tuple(_NODE.read(place, nodes) for place in data),
)
_GIVEN = _Field(
    lambda inner, place: [_write_given(given, place) for given in inner],
    lambda data, nodes: tuple(_read_given(given, nodes) for given in data),
)

_KINDS: Final[Mapping[type[Any], tuple[str, tuple[_Field, ...]]]] = {
    Constant: ("constant", (_VALUE,)),
    AccountRef: ("account", (_PLAIN, _PLAIN, _PLAIN)),
    Variable: ("variable", (_PLAIN,)),
    Local: ("local", (_PLAIN, _PLAIN)),
    Member: ("member", (_NODE, _PLAIN)),
    Operation: ("operation", (_SIGNS, _NODES)),
    FunctionCall: ("function", (_PLAIN, _NODES)),
    Let: ("let", (_PLAIN, _PLAIN, _NODE, _NODE)),
    Lambda: ("lambda", (_PLAIN, _PLAIN, _NODE, _PLAIN)),
    PackCall: ("pack", (_PLAIN, _PLAIN, _PLAIN, _PLAIN, _NEED, _PLAIN, _NODE, _GIVEN)),
    TableRead: ("table", (_PLAIN, _PLAIN, _PLAIN, _NODES, _NODE)),
}  # each kind's fields in the order of its dataclass; offsets follow

_CLASSES: Final = {kind: (node, fields) for node, (kind, fields) in _KINDS.items()}


def _row(node: Node, place: Callable[[Node], int]) -> list[Any]:
    kind, codecs = _KINDS[type(node)]
    values = [getattr(node, field.name) for field in fields(node)]
    written = [codec.write(value, place) for codec, value in zip(codecs, values, strict=False)]
    return [kind, node.start, node.end, *written]


def _read(data: Mapping[str, Any]) -> Node:
    if data["form"] != FORM:
        raise HouseError(f"A kept formula has form {data['form']}: this release reads form {FORM}.")
    nodes: list[Node] = []
    for kind, start, end, *written in data["nodes"]:
        node, codecs = _CLASSES[kind]
        values = [codec.read(value, nodes) for codec, value in zip(codecs, written, strict=True)]
        nodes.append(node(*values, start, end))
    return nodes[-1]
