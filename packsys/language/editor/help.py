"""What is said about a name under the pointer, and about the call that is being typed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from packsys.errors import FormulaError
from packsys.language.editor.context import Context, Open, called, context_at, pack_before, shape_before
from packsys.language.functions import LIBRARY
from packsys.language.functions.registry import Function
from packsys.language.parser.scanner import scan
from packsys.language.parser.tokens import Token
from packsys.language.scope import KnownTable, Scope, find_same, same_name
from packsys.language.shapes import NoMember, member_shape
from packsys.language.signature import Parameter, Signature
from packsys.language.suggestions import listed
from packsys.language.usage import parameters_of, usage_of


@dataclass(frozen=True)
class Hover:
    """Is what is said about the name from ``start`` to ``end``."""

    title: str
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class SignatureHelp:
    """Is how the innermost open call is called; ``active`` is the parameter that is being given, or None."""

    usage: str
    text: str
    parameters: tuple[Parameter, ...]
    active: int | None


def hover(text: str, position: int, scope: Scope) -> Hover | None:
    """Says what the name at a position is."""
    try:
        tokens = scan(text).tokens
    except FormulaError:
        return None
    at = next((at for at, token in enumerate(tokens) if token.start <= position < token.end), None)
    if at is None or tokens[at].kind not in ("name", "bracket", "reference"):
        return None
    said = _about(Context(text, tokens[:-1]), at, scope)
    return said and Hover(*said, tokens[at].start, tokens[at].end)


def signature_help(text: str, position: int, scope: Scope) -> SignatureHelp | None:
    """Says how the call is called that a position is in."""
    context = context_at(text, position)
    for call in reversed(context.calls()):
        found = called(context, call, scope)
        if found is not None:
            usage, parameters = _usage(found)
            given = _given(context, call, found)
            return SignatureHelp(usage, found.description, parameters, _active(given, parameters))
    return None


def _about(context: Context, at: int, scope: Scope) -> tuple[str, str] | None:
    token, sign = context.tokens[at], context.before(at)
    follows = context.tokens[at + 1].text if at + 1 < len(context.tokens) else ""
    if follows == "(":
        found = called(context, Open(at, context.begin(at), at + 1), scope)
        return None if found is None else (_usage(found)[0], found.description)
    if sign == ".":
        return _property(Context(context.text, context.tokens[:at]), token, scope)
    pack = pack_before(context, at, scope)
    if pack is not None and follows in ("::", "."):
        return pack.name, f"Is a pack with {len(pack.formulas)} formulas."
    return _value(token, scope)


def _property(context: Context, token: Token, scope: Scope) -> tuple[str, str] | None:
    shape = shape_before(context, len(context.tokens) - 1, context.calls(), scope)
    found = member_shape(shape, token.text)
    return None if isinstance(found, NoMember) else (found[0], f"Is a property: {found[1].kind.value}.")


def _value(token: Token, scope: Scope) -> tuple[str, str] | None:
    if token.kind == "reference" and token.text.startswith("packConnectionReference:"):
        known = scope.connection_by_id(token.text.split(":")[1])
        return None if known is None else (known.name, "Is a connected account.")
    if token.kind == "reference" and token.text.startswith(("table:", "grid:")):
        table = scope.table_by_id(token.text.split(":")[1])
        return None if table is None else (table.name, _columns(table))
    if find_same(token.text, scope.variables):
        return token.text, "Is a variable."
    if scope.connections_by_name(token.text):
        return token.text, "Is a connected account."
    if (tables := scope.tables_by_name(token.text)) and token.kind != "reference":
        return tables[0].name, _columns(tables[0])
    function = LIBRARY.find(token.text) if token.kind == "name" else None
    return None if function is None else (function.usage, function.description)


def _columns(table: KnownTable) -> str:
    if table.columns is None:
        return "Is a table that has never been synced."
    return f"Is a synced table; its columns are {listed(table.columns)}."


def _usage(found: Function | Signature) -> tuple[str, tuple[Parameter, ...]]:
    if isinstance(found, Function):
        return found.usage, found.parameters
    return f"{found.pack}::{usage_of(found)}", parameters_of(found)


def _given(context: Context, call: Open, found: Function | Signature) -> list[str]:
    """Lists the labels of the arguments so far, empty ones for those that have none; the last is being typed."""
    labels = [""] if isinstance(found, Function) and call.begin < call.name else []
    for begin in (call.bracket, *call.commas):
        after = context.tokens[begin + 1 : begin + 3]
        named = len(after) == 2 and after[0].kind in ("name", "bracket") and after[1].text == ":"
        labels.append(after[0].text if named else "")
    return labels


def _active(labels: Sequence[str], parameters: Sequence[Parameter]) -> int | None:
    if labels[-1]:
        return next((at for at, known in enumerate(parameters) if same_name(known.name, labels[-1])), None)
    taken = {at for at, known in enumerate(parameters) if any(same_name(known.name, label) for label in labels)}
    free = [at for at in range(len(parameters)) if at not in taken]
    place = labels.count("") - 1
    if place < len(free):
        return free[place]
    repeated = [at for at, known in enumerate(parameters) if known.variadic]
    return repeated[(place - len(free)) % len(repeated)] if repeated else None
