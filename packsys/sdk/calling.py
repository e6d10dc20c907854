"""Calls a formula's function with the arguments that a formula gave."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from packsys.sdk.context import Context
from packsys.sdk.errors import UserVisibleError
from packsys.sdk.formula import Formula
from packsys.sdk.parameters import Parameter


def call(formula: Formula, context: Context, arguments: Mapping[str, Any]) -> Any:
    """Runs the function with arguments by parameter name, and gives what it returns.

    Absent parameters take their default. Raises :class:`packsys.sdk.UserVisibleError` for an argument that the
    function cannot take, and whatever the function raises.
    """
    given = {each.name: _argument(each, arguments) for each in formula.parameters}
    positional = [given[each.name] for each in formula.parameters if not each.keyword and not each.variadic]
    repeated = [value for each in formula.parameters if each.variadic for value in given[each.name]]
    keyword = {each.name: given[each.name] for each in formula.parameters if each.keyword}
    return formula.function(context, *positional, *repeated, **keyword)


def _argument(parameter: Parameter, arguments: Mapping[str, Any]) -> Any:
    if parameter.variadic:
        return [_whole(parameter, value) for value in arguments.get(parameter.name) or ()]
    value = arguments.get(parameter.name, parameter.default)
    if value is None and parameter.required:
        raise UserVisibleError(f"{parameter.name} is blank: give it a value.")
    if parameter.whole and isinstance(value, (list, tuple)):
        return [_whole(parameter, item) for item in value]
    return _whole(parameter, value)


def _whole(parameter: Parameter, value: Any) -> Any:
    if not parameter.whole or not isinstance(value, float):
        return value
    if not value.is_integer():
        raise UserVisibleError(f"{parameter.name} must be a whole number, not {value!r}.")
    return int(value)
