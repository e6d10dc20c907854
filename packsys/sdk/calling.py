"""Calls the functions of a pack with what the host gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from packsys.sdk.context import Context
from packsys.sdk.errors import UserVisibleError
from packsys.sdk.formula import Formula
from packsys.sdk.keys import to_service
from packsys.sdk.parameters import Parameter
from packsys.sdk.schema import ObjectSchema
from packsys.sdk.tables import Page, SyncTable, Update


def call(formula: Formula, context: Context, arguments: Mapping[str, Any]) -> Any:
    """Runs the function with arguments by parameter name, and gives what it returns.

    Absent parameters take their default. Raises :class:`packsys.sdk.UserVisibleError` for an argument that the
    function cannot take, and whatever the function raises.
    """
    return _applied(formula.function, formula.parameters, context, arguments)


def read_page(table: SyncTable, context: Context, arguments: Mapping[str, Any]) -> Page:
    """Runs a sync table's function for one page; ``context.sync`` says which."""
    page = _applied(table.function, table.parameters, context, arguments)
    if not isinstance(page, Page):
        raise TypeError(f"Sync table {table.name} gave {type(page).__name__}: give a Page.")
    return page


def push(table: SyncTable, context: Context, updates: Sequence[Update], schema: ObjectSchema) -> list[Any]:
    """Sends edited rows, named as formulas name them, and gives each one's row or exception, in their order."""
    if table.update is None:
        raise LookupError(f"Sync table {table.name} takes no updates.")
    outcomes = list(table.update(context, [_for_service(each, schema) for each in updates]))
    if len(outcomes) != len(updates):
        raise ValueError(
            f"The updates of sync table {table.name} gave {len(outcomes)} results for {len(updates)} rows: "
            "give one for each."
        )
    return outcomes


def complete(parameter: Parameter, context: Context, typed: str, arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lists what a parameter offers for the words typed, each as its display and its value."""
    offers = parameter.autocomplete
    if offers is None:
        return []
    if offers.finder is not None:
        return choices(offers.finder(context, typed, dict(arguments)))
    fitting = [each for each in offers.choices if typed.casefold() in each.display.casefold()]
    return choices(fitting)


def choices(found: Iterable[Any]) -> list[dict[str, Any]]:
    """Writes choices, objects with display and value, and plain values in the one way."""
    return [_choice(each) for each in found]


def _choice(found: Any) -> dict[str, Any]:
    if isinstance(found, Mapping):
        return {"display": str(found["display"]), "value": found["value"]}
    display, value = getattr(found, "display", found), getattr(found, "value", found)
    return {"display": str(display), "value": value}


def _for_service(update: Update, schema: ObjectSchema) -> Update:
    fields = tuple(schema.properties[name].from_key for name in update.fields)
    return Update(previous=to_service(update.previous, schema), new=to_service(update.new, schema), fields=fields)


def _applied(function: Any, parameters: Sequence[Parameter], context: Context, arguments: Mapping[str, Any]) -> Any:
    given = {each.name: _argument(each, arguments) for each in parameters}
    positional = [given[each.name] for each in parameters if not each.keyword and not each.variadic]
    keyword = {each.name: given[each.name] for each in parameters if each.keyword}
    return function(context, *positional, *_repeated(parameters, given), **keyword)


def _repeated(parameters: Sequence[Parameter], given: Mapping[str, Any]) -> list[Any]:
    repeating = [each for each in parameters if each.variadic]
    if not repeating:
        return []
    group = repeating[0].group
    columns = [given[each.name] for each in repeating]
    if len({len(column) for column in columns}) > 1:
        raise UserVisibleError(f"{', '.join(each.name for each in repeating)} come in sets: complete the last one.")
    return columns[0] if group is None else [group(*values) for values in zip(*columns, strict=True)]


def _argument(parameter: Parameter, arguments: Mapping[str, Any]) -> Any:
    if parameter.variadic:
        return [_checked(parameter, value) for value in arguments.get(parameter.name) or ()]
    value = arguments.get(parameter.name, parameter.default)
    if value is None and parameter.required:
        raise UserVisibleError(f"{parameter.name} is blank: give it a value.")
    if isinstance(value, (list, tuple)):
        return [_checked(parameter, item) for item in value]
    return _checked(parameter, value)


def _checked(parameter: Parameter, value: Any) -> Any:
    whole = _whole(parameter, value)
    offers = (parameter.autocomplete,) if parameter.autocomplete else ()
    for check in (*parameter.checks, *offers):
        problem = "" if whole is None else check.problem(whole)
        if problem:
            raise UserVisibleError(f"{parameter.name} {problem}, not {value!r}.")
    return whole


def _whole(parameter: Parameter, value: Any) -> Any:
    if not parameter.whole or not isinstance(value, float):
        return value
    if not value.is_integer():
        raise UserVisibleError(f"{parameter.name} must be a whole number, not {value!r}.")
    return int(value)
