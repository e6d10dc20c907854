"""Binds calls of pack formulas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from packsys.errors import FormulaError
from packsys.language.matching import Labelled, Matched, Mismatch, match
from packsys.language.nodes import AccountRef, Given, Node, PackCall
from packsys.language.scope import KnownPack, Scope, find_same, same_name
from packsys.language.shapes import Typed
from packsys.language.signature import Need, Parameter, Shape, Signature
from packsys.language.suggestions import listed, near
from packsys.language.syntax import Call

_Arguments = Sequence[Labelled[Typed]]


def bind_pack_call(pack: KnownPack, written: Call, arguments: _Arguments, scope: Scope, source: str) -> PackCall:
    """Binds the call of a pack's formula to its declaration; raises :class:`~packsys.errors.FormulaError`.

    The account is the formula's first parameter. A positional argument fills it only when it certainly is an
    account; ``account:`` names it whatever it is. Without one, a formula that needs an account gets the default.
    """
    try:
        signature = _signature(pack, written)
        if signature.action and not scope.actions:
            name = f"{pack.name}::{signature.name}"
            message = f"{name} has effects: actions are allowed in buttons and automations only"
            raise _Refused(message, "ActionNotAllowed")
        account, rest = _account(signature, pack, written, arguments, scope)
        return _call(signature, account, rest, written)
    except Mismatch as problem:
        raise _error(problem, written, source) from None


class _Refused(Mismatch):
    def __init__(self, message: str, kind: str, place: tuple[int, int] | None = None) -> None:
        super().__init__(message, place)
        self.kind = kind


def _signature(pack: KnownPack, written: Call) -> Signature:
    found = find_same(written.name.text, pack.formulas)
    if found is None:
        message = f"{pack.name} has no formula {written.name.text!r}; it has {listed(pack.formulas)}"
        problem = _Refused(message, "UnknownFormula", (written.name.start, written.name.end))
        problem.suggestions = tuple(f"{pack.name}::{name}" for name in near(written.name.text, pack.formulas))
        raise problem
    return pack.formulas[found]


def _account(
    signature: Signature, pack: KnownPack, written: Call, arguments: _Arguments, scope: Scope
) -> tuple[Node | None, _Arguments]:
    if signature.account is Need.NONE:
        return None, arguments
    given = _given_account(arguments)
    if given is None:
        return _default_account(signature, pack, written, scope), arguments
    known = given.thing.account
    if known is not None and known.pack_id != pack.id:
        message = f"The account {known.name!r} belongs to another pack: {pack.name} cannot sign in with it"
        raise _Refused(message, "WrongArguments", (given.start, given.end))
    return given.thing.node, [argument for argument in arguments if argument is not given]


def _given_account(arguments: _Arguments) -> Labelled[Typed] | None:
    for argument in arguments:
        if argument.label is not None and same_name(argument.label, "account"):
            return argument
    first = next((argument for argument in arguments if argument.label is None), None)
    return first if first is not None and first.thing.account is not None else None


def _default_account(signature: Signature, pack: KnownPack, written: Call, scope: Scope) -> Node | None:
    if signature.account is not Need.REQUIRED:
        return None
    default = scope.default_account(pack.id)
    if default is None:
        name = f"{pack.name}::{signature.name}"
        message = f"{name} needs a connected account: pass one first, {name}([my account], …), or as account: …"
        raise _Refused(message, "NotConnected")
    known = scope.connection_by_id(default)
    return AccountRef(default, pack.id, known.name if known else default, written.start, written.end)


def _call(signature: Signature, account: Node | None, arguments: _Arguments, written: Call) -> PackCall:
    matched = match(f"{signature.pack}::{signature.name}", signature.parameters, arguments)
    return PackCall(
        pack_id=signature.pack_id,
        pack=signature.pack,
        version=signature.version,
        formula=signature.name,
        need=signature.account,
        action=signature.action,
        account=account,
        arguments=_given(signature, matched),
        start=written.start,
        end=written.end,
    )


def _given(signature: Signature, matched: Matched[Typed]) -> tuple[Given, ...]:
    fixed = [_slim(parameter) for parameter in signature.parameters if not parameter.variadic]
    repeated = [_slim(parameter) for parameter in signature.parameters if parameter.variadic]
    given = [
        Given(parameter, () if typed is None else (typed.node,))
        for parameter, typed in zip(fixed, matched.fixed, strict=True)
    ]
    if repeated and len(matched.rest) % len(repeated):
        names = listed(parameter.name for parameter in repeated)
        raise Mismatch(f"{signature.pack}::{signature.name} takes its last arguments in complete sets of {names}")
    nodes = [typed.node for typed in matched.rest]
    return (*given, *(Given(p, tuple(nodes[place :: len(repeated)])) for place, p in enumerate(repeated)))


def _slim(parameter: Parameter) -> Parameter:
    # What a worker needs: the kind to make an argument, not what is known about it.
    item = parameter.shape.item
    shape = Shape(parameter.shape.kind, item=None if item is None else Shape(item.kind))
    return replace(parameter, shape=shape, description="")


def _error(problem: Mismatch, written: Call, source: str) -> FormulaError:
    start, end = problem.place or (written.name.start, written.end)
    return FormulaError(
        problem.message,
        kind=problem.kind if isinstance(problem, _Refused) else "WrongArguments",
        formula=source,
        start=start,
        end=end,
        suggestions=problem.suggestions,
    )
