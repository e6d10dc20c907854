"""The two forms of a formula: the one that people type, with names, and the one that is kept, with ids.

A name means what it means today; a reference goes on meaning it when something else gets the name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from packsys.language.parser import parse_formula
from packsys.language.printer import printed
from packsys.language.resolver import bind
from packsys.language.rewriting import rewritten
from packsys.language.scope import Scope, find_same
from packsys.language.syntax import Call, Name, Reference, Syntax

_PLAIN = re.compile(r"[^\W\d][\w\u0300-\u036f]*")
_WORDS: Final = frozenset({"and", "or", "not", "true", "false"})


def stored(text: str, scope: Scope) -> str:
    """Writes a formula with references in the place of the names of packs, connections, tables and properties.

    Raises :class:`~packsys.errors.FormulaError` as binding it does.
    """
    parsed = parse_formula(text)
    references = bind(parsed, scope, source=text).references
    return printed(rewritten(parsed.tree, lambda node: references.get((node.start, node.end), node)))


def readable(text: str, scope: Scope) -> str:
    """Writes a formula with names in the place of references, as they are called today.

    A reference stays where its name would mean something else, or where what it points at is not here.
    """
    return printed(rewritten(parse_formula(text).tree, lambda node: _named(node, scope)))


def _named(node: Syntax, scope: Scope) -> Syntax:
    match node:
        case Call(receiver=Reference(kind="pack") as pack):
            return replace(node, receiver=_pack(pack, scope), qualified=True)
        case Reference(kind="packConnectionReference"):
            return _connection(node, scope)
        case Reference(kind="table" | "grid"):
            return _table(node, scope)
        case Reference(kind="variable"):
            return _name(node.text, node)
    return node


def _pack(written: Reference, scope: Scope) -> Syntax:
    number = written.ids[0]
    pack = scope.pack_by_id(int(number)) if number.isascii() and number.isdigit() and len(number) < 16 else None
    return written if pack is None else _name(pack.name, written)


def _connection(written: Reference, scope: Scope) -> Syntax:
    known = scope.connection_by_id(written.ids[0])
    if known is None or len(scope.connections_by_name(known.name)) > 1 or find_same(known.name, scope.variables):
        return written
    return replace(_name(known.name, written), bracketed=True)


def _table(written: Reference, scope: Scope) -> Syntax:
    known = scope.table_by_id(written.ids[0])
    if known is None or len(scope.tables_by_name(known.name)) > 1:
        return written
    if find_same(known.name, scope.variables) or scope.connections_by_name(known.name):
        return written
    return replace(_name(known.name, written), bracketed=True)


def _name(text: str, written: Reference) -> Name:
    plain = _PLAIN.fullmatch(text) and text.casefold() not in _WORDS
    return Name(text, not plain, written.start, written.end)
