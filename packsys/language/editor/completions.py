"""What can stand at a place in a formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packsys.language.editor.context import Context, context_at, item_shape, pack_before, shape_before
from packsys.language.functions import LIBRARY
from packsys.language.functions.registry import Function
from packsys.language.properties import folded
from packsys.language.scope import KnownPack, Scope
from packsys.language.shapes import columns_of
from packsys.language.signature import Kind, Shape
from packsys.language.usage import usage_of

_PLAIN = re.compile(r"[^\W\d][\w\u0300-\u036f]*")


@dataclass(frozen=True)
class Completion:
    """Is one thing to choose: ``insert`` takes the place of what was typed of it, ``start`` is where that begins.

    ``kind`` is function, pack, formula, column, variable, connection, table or property.
    """

    label: str
    kind: str
    insert: str
    start: int
    detail: str = ""
    documentation: str = ""


def completions(text: str, position: int, scope: Scope) -> list[Completion]:
    """Lists what can stand at a position, what begins with the letters typed first."""
    context = context_at(text, position)
    if context.literal:
        return []
    start = position - len(context.prefix) - context.bracketed
    wanted = folded(context.prefix)
    fitting = [thing for thing in _things(context, scope, start) if wanted in folded(thing.label)]
    return sorted(
        fitting, key=lambda thing: (not folded(thing.label).startswith(wanted), _RANKS[thing.kind], thing.label)
    )


_ORDER = ("column", "property", "formula", "variable", "connection", "table", "pack", "function")
_RANKS = {kind: rank for rank, kind in enumerate(_ORDER)}


def _things(context: Context, scope: Scope, start: int) -> Iterator[Completion]:
    if context.last() in (".", "::"):
        return _behind(context, scope, start)
    return _anywhere(context, scope, start) if _wanted(context) else iter(())


def _wanted(context: Context) -> bool:
    # A value is wanted at the beginning, and behind whatever is no value.
    if not context.tokens:
        return True
    last = context.tokens[-1]
    word = last.kind == "name" and last.text.lower() in ("and", "or", "not")
    return word or last.kind in ("open", "middle") or (last.kind == "operator" and last.text != ")")


def _behind(context: Context, scope: Scope, start: int) -> Iterator[Completion]:
    at = len(context.tokens) - 1
    pack = (
        pack_before(context, at - 1, scope) if at and (at == 1 or context.before(at - 1) not in (".", "::")) else None
    )
    if pack is not None:
        yield from _formulas(pack, start)
    elif context.last() == ".":
        shape = shape_before(context, at, context.calls(), scope)
        yield from _columns(_properties(shape), "property", start)
        yield from (_function(function, start) for function in LIBRARY.all())


def _anywhere(context: Context, scope: Scope, start: int) -> Iterator[Completion]:
    item = item_shape(context, context.calls(), scope)
    if item is not None:
        yield Completion("CurrentValue", "variable", "CurrentValue", start, _kind(item), "Is the item in hand.")
        yield from _columns(_properties(item), "column", start)
    for name in scope.variables:
        yield Completion(name, "variable", _written(name), start)
    for name in scope.connection_names():
        yield Completion(name, "connection", f"[{name}]", start, "connected account")
    for name in scope.table_names():
        yield Completion(name, "table", f"[{name}]", start, "synced table")
    if not context.bracketed:
        for name in scope.pack_names():
            yield Completion(name, "pack", f"{_written(name)}::", start, "pack")
        yield from (_function(function, start) for function in LIBRARY.all())


def _formulas(pack: KnownPack, start: int) -> Iterator[Completion]:
    for name, signature in pack.formulas.items():
        yield Completion(name, "formula", f"{name}(", start, usage_of(signature), signature.description)


def _function(function: Function, start: int) -> Completion:
    return Completion(function.name, "function", f"{function.name}(", start, function.usage, function.description)


def _columns(columns: Iterable[tuple[str, Shape]], kind: str, start: int) -> Iterator[Completion]:
    for name, shape in columns:
        yield Completion(name, kind, _written(name), start, _kind(shape))


def _properties(shape: Shape) -> Iterable[tuple[str, Shape]]:
    inner = shape.item or Shape() if shape.kind is Kind.LIST else shape
    return [(name, (inner.properties or {})[name]) for name in columns_of(inner)]


def _kind(shape: Shape) -> str:
    return "" if shape.kind is Kind.ANY else shape.kind.value


def _written(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else f"[{name}]"
