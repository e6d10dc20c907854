"""Everything of a pack that a host can call, under one name: formulas, pages, updates, and what tells about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from packsys.sdk import calling
from packsys.sdk.context import Context
from packsys.sdk.names import nearest
from packsys.sdk.pack import Pack
from packsys.sdk.parameters import Parameter
from packsys.sdk.schema import ObjectSchema
from packsys.sdk.tables import Dynamic, SyncTable, Update


class Aim(StrEnum):
    """Names what a call is for."""

    FORMULA = "formula"
    PAGE = "page"
    UPDATE = "update"
    AUTOCOMPLETE = "autocomplete"
    OPTIONS = "options"
    TABLES = "tables"
    SEARCH_TABLES = "search_tables"
    TABLE_NAME = "table_name"
    TABLE_SCHEMA = "table_schema"
    TABLE_PAGE = "table_page"
    CONNECTION_NAME = "connection_name"
    CONNECTION_USER_ID = "connection_user_id"
    ENDPOINTS = "endpoints"


@dataclass(frozen=True, kw_only=True)
class Target:
    """Says what to call: ``name`` is that of a formula or table, ``part`` of its parameter, property or step.

    ``typed`` is what a person typed so far, where something is searched for.
    """

    aim: Aim = Aim.FORMULA
    name: str = ""
    part: str = ""
    typed: str = ""


class NoSuchTarget(LookupError):
    """A pack has nothing of the kind that is asked for."""


def invoke(pack: Pack, target: Target, context: Context, arguments: Mapping[str, Any]) -> Any:
    """Calls what the target names and gives what it returns, unfitted.

    Updates take ``updates`` in ``arguments``: objects with ``previous``, ``new`` and ``fields``. Raises
    :class:`NoSuchTarget` when the pack has no such thing, and whatever its function raises.
    """
    match target.aim:
        case Aim.FORMULA:
            return calling.call(_found(pack.formulas, target.name), context, arguments)
        case Aim.PAGE:
            return calling.read_page(_found(pack.sync_tables, target.name), context, arguments)
        case Aim.UPDATE:
            return _push(_found(pack.sync_tables, target.name), context, arguments)
        case Aim.AUTOCOMPLETE:
            return calling.complete(_parameter(pack, target), context, target.typed, arguments)
        case Aim.OPTIONS:
            return _options(_found(pack.sync_tables, target.name), target, context)
        case Aim.CONNECTION_NAME | Aim.CONNECTION_USER_ID | Aim.ENDPOINTS:
            return _of_account(pack, target, context)
        case _:
            return _of_dynamic(_found(pack.sync_tables, target.name), target, context)


def _found(kept: Mapping[str, Any], name: str) -> Any:
    if name not in kept:
        raise NoSuchTarget(f"The pack has no {name!r}: {nearest(name, kept)}")
    return kept[name]


def _parameter(pack: Pack, target: Target) -> Parameter:
    owner = _found({**pack.sync_tables, **pack.formulas}, target.name)
    found: Parameter = _found({each.name: each for each in owner.parameters}, target.part)
    return found


def _push(table: SyncTable, context: Context, arguments: Mapping[str, Any]) -> list[Any]:
    if table.update is None:
        raise NoSuchTarget(f"Sync table {table.name} takes no updates.")
    updates = [
        Update(previous=each["previous"], new=each["new"], fields=tuple(each["fields"]))
        for each in arguments["updates"]
    ]
    return calling.push(table, context, updates, _schema(table, context))


def _schema(table: SyncTable, context: Context) -> ObjectSchema:
    if table.dynamic is not None:
        return table.dynamic.schema(context)
    if table.schema is None:
        raise NoSuchTarget(f"Sync table {table.name} has no schema.")
    return table.schema


def _options(table: SyncTable, target: Target, context: Context) -> list[dict[str, Any]]:
    declared = _found(_schema(table, context).properties, target.part).value_type
    options = (declared.item or declared).attributes.get("options", ())
    return calling.choices(options(context, target.typed) if callable(options) else options)


def _of_account(pack: Pack, target: Target, context: Context) -> Any:
    steps = {each.name: each.function for each in pack.account.steps}
    function = {
        Aim.CONNECTION_NAME: pack.account.name,
        Aim.CONNECTION_USER_ID: pack.account.user_id,
        Aim.ENDPOINTS: steps.get(target.part),
    }[target.aim]
    if function is None:
        raise NoSuchTarget(f"The pack does not tell the {target.aim.replace('_', ' ')} of an account.")
    found = function(context)
    return calling.choices(found) if target.aim is Aim.ENDPOINTS else found


def _of_dynamic(table: SyncTable, target: Target, context: Context) -> Any:
    dynamic = table.dynamic or Dynamic(schema=lambda context: _schema(table, context))
    if target.aim is Aim.SEARCH_TABLES and dynamic.search is not None:
        return dynamic.search(context, target.typed)
    function = {
        Aim.TABLES: dynamic.tables,
        Aim.TABLE_NAME: dynamic.name,
        Aim.TABLE_SCHEMA: dynamic.schema,
        Aim.TABLE_PAGE: dynamic.page,
    }.get(target.aim)
    if function is None:
        raise NoSuchTarget(f"Sync table {table.name} does not tell its {target.aim.replace('_', ' ')}.")
    return function(context)
