"""Puts what the house asks of a pack into the words of the Coda SDK, and the answers into those of the house."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from packsys.catalog.types import describe_schema
from packsys.errors import BrokenPack
from packsys.sandbox.errand import Errand
from packsys.sandbox.javascript.declaration import declared
from packsys.sandbox.javascript.keys import as_declared
from packsys.sandbox.javascript.spec import (
    Autocomplete,
    ConnectionName,
    ConnectionUserId,
    DynamicTable,
    Endpoints,
    Parent,
    PropertyOptions,
    RunFormula,
    Spec,
    SyncPage,
    UpdateRows,
)
from packsys.sandbox.javascript.types import object_schema, property_names
from packsys.sandbox.javascript.wire import UNDEFINED, Raised
from packsys.sdk.keys import to_service
from packsys.sdk.targets import Aim, Target

_OF_TABLES: Mapping[Aim, tuple[str, str]] = {
    Aim.TABLES: ("listDynamicUrls", "listDynamicUrls"),
    Aim.SEARCH_TABLES: ("searchDynamicUrls", "searchDynamicUrls"),
    Aim.TABLE_NAME: ("tableName", "getName"),
    Aim.TABLE_SCHEMA: ("tableSchema", "getSchema"),
    Aim.TABLE_PAGE: ("displayUrl", "getDisplayUrl"),
}


@dataclass(frozen=True)
class Question:
    """Is an errand as an isolate is asked for it."""

    spec: Spec
    arguments: Sequence[object] = ()
    updates: object = None


def question(errand: Errand, coda: Mapping[str, Any], rows: Any) -> Question:
    """Makes the question of an errand; ``rows`` is the schema of the table's rows, as the bundle has it.

    Raises :class:`~packsys.errors.BrokenPack` when the pack has no such thing.
    """
    target, given = errand.target, errand.arguments
    match target.aim:
        case Aim.FORMULA:
            return Question(RunFormula(target.name), _in_order(declared(coda, "formulas", target.name), given))
        case Aim.PAGE:
            return Question(SyncPage(target.name), _in_order(_getter(coda, target.name), given))
        case Aim.UPDATE:
            return Question(UpdateRows(target.name), _in_order(_getter(coda, target.name), given), _edits(given, rows))
        case Aim.AUTOCOMPLETE:
            return Question(Autocomplete(_parent(coda, target), target.part), _searched(target.typed, given))
        case Aim.OPTIONS:
            return Question(_options(coda, target, given, rows))
        case Aim.CONNECTION_NAME:
            return Question(ConnectionName(), _searched("", given))
        case Aim.CONNECTION_USER_ID:
            return Question(ConnectionUserId(), _searched("", given))
        case Aim.ENDPOINTS:
            return Question(Endpoints(target.part), _searched("", given))
        case _:
            return _of_table(errand, coda)


def answered(errand: Errand, value: Any, rows: Any, *, identity: str = "") -> Any:
    """Writes what the isolate gave as :func:`packsys.sandbox.answers.read` takes it; what is wrong stays wrong."""
    match errand.target.aim:
        case Aim.PAGE:
            return _page(value, rows)
        case Aim.UPDATE:
            found = value.get("result") if isinstance(value, dict) else None
            return [_outcome(each, rows) for each in found] if isinstance(found, list) else found
        case Aim.AUTOCOMPLETE | Aim.ENDPOINTS:
            return [_choice(each) for each in value] if isinstance(value, list) else value
        case Aim.OPTIONS:
            result = value.get("packResult") if isinstance(value, dict) else None
            listed = result.get("results") if isinstance(result, dict) else None
            return [_choice(each) for each in listed] if isinstance(listed, list) else listed
        case Aim.TABLES | Aim.SEARCH_TABLES:
            return [_address(each) for each in value] if isinstance(value, list) else value
        case Aim.TABLE_SCHEMA:
            return _schema(value, identity)
        case _:
            return value


def said(call: str, raised: Raised) -> str:
    """Gives the sentence for an edit that the pack refused."""
    return (
        raised.message if raised.for_user else f"{call} raised {raised.name}: {raised.message or 'it gave no reason'}"
    )


def plain(value: Any) -> Any:
    """Makes what an isolate gave into what a type can be fitted to."""
    match value:
        case Raised():
            return {"name": value.name, "message": value.message}
        case dict():
            return {key: plain(each) for key, each in value.items()}
        case list():
            return [None if each is UNDEFINED else plain(each) for each in value]
        case _:
            return None if value is UNDEFINED else value


# What is asked.


def _in_order(declaration: Mapping[str, Any], given: Mapping[str, Any]) -> list[object]:
    """Puts arguments by name in declared order; the sets of repeated parameters follow one after the other."""
    single = [given.get(name) for name in _parameter_names(declaration, "parameters")]
    repeated = [given.get(name) or () for name in _parameter_names(declaration, "varargParameters")]
    return single + [value for one_set in zip(*repeated, strict=False) for value in one_set]


def _parameter_names(declaration: Mapping[str, Any], kind: str) -> list[str]:
    return [str(each.get("name")) for each in _list(declaration.get(kind)) if isinstance(each, Mapping)]


def _getter(coda: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    getter = declared(coda, "syncTables", name).get("getter")
    return getter if isinstance(getter, Mapping) else {}


def _parent(coda: Mapping[str, Any], target: Target) -> Parent:
    formulas = [each.get("name") for each in _list(coda.get("formulas")) if isinstance(each, Mapping)]
    return Parent(target.name, "formula" if target.name in formulas else "sync")


def _searched(typed: str, given: Mapping[str, Any]) -> list[object]:
    """Writes the two arguments of what is asked about a pack: the words typed, and the arguments so far as JSON."""
    return [typed, json.dumps(dict(given), default=_told)]


def _told(value: object) -> object:
    match value:
        case date():
            return value.isoformat()
        case timedelta():
            return value / timedelta(days=1)
        case _:
            return str(value)


def _edits(given: Mapping[str, Any], rows: Any) -> list[dict[str, Any]]:
    schema = object_schema(_row(rows))
    return [
        {
            "previousValue": to_service(each["previous"], schema) if schema else each["previous"],
            "newValue": to_service(each["new"], schema) if schema else each["new"],
            "updatedFields": [_key(schema, name) for name in each["fields"]],
        }
        for each in given["updates"]
    ]


def _key(schema: Any, name: str) -> str:
    return schema.properties[name].from_key if schema and name in schema.properties else name


def _options(coda: Mapping[str, Any], target: Target, given: Mapping[str, Any], rows: Any) -> PropertyOptions:
    declared(coda, "syncTables", target.name)
    name, schema = _property(rows, target.part)
    item = schema.get("items") if schema.get("type") == "array" else schema
    options = item.get("options") if isinstance(item, Mapping) else None
    if not isinstance(options, str):
        raise BrokenPack(f"The property {target.part!r} of {target.name} finds no values by a function.")
    return PropertyOptions(
        table=target.name, options=options, property=name, values=dict(given), schema=schema, search=target.typed
    )


def written_options(rows: Any, part: str) -> list[Any] | None:
    """Gives the values of a property that are written down in its schema; None when a function finds them."""
    _, schema = _property(rows, part)
    item = schema.get("items") if schema.get("type") == "array" else schema
    options = item.get("options") if isinstance(item, Mapping) else None
    return [_choice(each) for each in options] if isinstance(options, list) else None


def _property(rows: Any, part: str) -> tuple[str, Mapping[str, Any]]:
    """Finds a property by its name in formulas; gives the bundle's own name of it, and its schema."""
    row = _row(rows)
    for theirs, ours in property_names(row).items():
        found = row["properties"][theirs]
        if part in (ours, theirs) and isinstance(found, Mapping):
            return theirs, found
    raise BrokenPack(f"The rows have no property {part!r}.")


def _of_table(errand: Errand, coda: Mapping[str, Any]) -> Question:
    kind, member = _OF_TABLES[errand.target.aim]
    name = errand.target.name
    if not declared(coda, "syncTables", name).get(member):
        raise BrokenPack(f"Sync table {name} does not tell its {errand.target.aim.replace('_', ' ')}.")
    below = errand.world.sync.dynamic_url if errand.target.aim is Aim.TABLES else errand.target.typed
    return Question(DynamicTable(name, kind), _searched(below, errand.arguments))


# What is answered.


def _page(value: Any, rows: Any) -> Any:
    found = value.get("result") if isinstance(value, dict) else None
    if not isinstance(found, list):
        return value
    continuation, completion = value.get("continuation"), value.get("completion")
    read = as_declared(_row(rows))
    ended = completion if continuation is None and isinstance(completion, dict) else {}
    return {
        "rows": [read(plain(each)) for each in found],
        "continuation": plain(continuation),
        "completion": plain(ended.get("incrementalContinuation")),
        "incomplete": ended.get("hasIncompleteResults") is True,
        "deleted": value.get("deletedRowIds") or value.get("deletedItemIds") or [],
    }


def _row_of(value: Any, rows: Any) -> Any:
    """Gives a row under the service's keys, without what is not declared: as the SDK's harness reads it."""
    return as_declared(_row(rows))(plain(value))


def _outcome(value: Any, rows: Any) -> Any:
    match value:
        case {"outcome": "error", "error": Raised() as raised}:
            return {"raised": raised}
        case {"outcome": "success", "finalValue": row}:
            return {"row": _row_of(row, rows)}
        case _:
            return value


def _choice(value: Any) -> Any:
    given = plain(value)
    if isinstance(given, dict) and "value" in given:
        shown = given.get("display")
        return {"display": _display(given["value"]) if shown is None else str(shown), "value": given["value"]}
    return {"display": _display(given), "value": given}


def _display(value: Any) -> str:
    match value:
        case str():
            return value
        case dict():
            return next((each for each in value.values() if isinstance(each, str)), "")
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return json.dumps(value, default=str)


def _address(value: Any) -> Any:
    given = plain(value)
    if not isinstance(given, dict):
        return given
    name, url = given.get("display"), given.get("value")
    return {"url": url, "name": url if name is None else name, "has_tables": given.get("hasChildren") is True}


def _schema(value: Any, identity: str) -> Any:
    row = _row(value)
    if not isinstance(row, Mapping):
        return value
    known = {**row, "identity": {"name": identity}} if identity and not row.get("identity") else row
    schema = object_schema(known)
    return None if schema is None else describe_schema(schema)


def _row(rows: Any) -> Any:
    return rows.get("items") if isinstance(rows, Mapping) and rows.get("type") == "array" else rows


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
