"""How the values of a pack call become its arguments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from packsys.errors import Actor
from packsys.language.coercion import first_error, fit
from packsys.language.nodes import PackCall
from packsys.language.signature import Kind, Need, Parameter
from packsys.values import Account, ErrorValue, Failure, Value, failure, kind_of

_SIMPLE = frozenset({bool, int, float, str})  # most values, in which there is no error and no account


def account_of(call: PackCall, value: Value) -> str | None:
    """Gives the id of the account that a call goes to; raises Failure when it needs one and has none."""
    if isinstance(value, Account):
        return value.id
    if value is not None:
        raise failure("Value", f"{kind_of(value).capitalize()} is no account: {_name(call)} cannot sign in with it.")
    if call.need is Need.REQUIRED:
        message = f"{_name(call)} needs a connected account, and the one given is blank."
        raise Failure(ErrorValue("NotConnected", message, actor=Actor.OWNER))
    return None


def fill(call: PackCall, given: Sequence[Value]) -> dict[str, Value]:
    """Gives every parameter its argument: what was given, made the declared kind, or else the default.

    ``given`` are the values of the call's nodes, those of all parameters in a row.

    A blank counts as not given. Raises Failure for a required one, for a value that is not of the kind, and with the
    leftmost error inside a list or an object.
    """
    values = iter(given)
    return {
        argument.parameter.name: _argument(call, argument.parameter, [*islice(values, len(argument.nodes))])
        for argument in call.arguments
    }


def _argument(call: PackCall, parameter: Parameter, values: Sequence[Value]) -> Value:
    if parameter.variadic:
        return [_fitted(call, parameter, value) for value in values]
    fitted = _fitted(call, parameter, values[0]) if values else None
    if fitted is None and parameter.required:
        raise failure("MissingArgument", f"{_name(call)} needs {parameter.name!r}, which is blank.")
    return parameter.default if fitted is None else fitted


def _fitted(call: PackCall, parameter: Parameter, value: Value) -> Value:
    if value is None:
        return None
    if type(value) not in _SIMPLE:
        _check(call, parameter, value)
    try:
        fitted = fit(value, parameter.shape)
    except Failure as problem:
        raise failure("Value", f"{_name(call)}, {parameter.name!r}: {problem.error.message}") from problem
    if parameter.shape.kind is Kind.LIST and not parameter.sparse and isinstance(fitted, list) and None in fitted:
        raise failure("Value", f"{_name(call)} takes no blanks in the list {parameter.name!r}.")
    return fitted


def _check(call: PackCall, parameter: Parameter, value: Value) -> None:
    if (error := first_error(value)) is not None:
        raise Failure(error)
    if isinstance(value, Account):
        raise failure("Value", f"{_name(call)} got an account for {parameter.name!r}: pass it as account: …")


def _name(call: PackCall) -> str:
    return f"{call.pack}::{call.formula}"
