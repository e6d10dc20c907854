"""What is run of the packs beside this file, with the answers of their services.

``spec`` is what packsys runs and ``coda`` how the SDK calls the same where the two differ. Parameters and bodies may
hold the tags of :mod:`packsys.sandbox.javascript.wire`.
"""

from __future__ import annotations

from typing import Any

from packsys.sandbox.javascript.spec import (
    Autocomplete,
    ConnectionName,
    DynamicTable,
    Endpoints,
    Parent,
    PropertyOptions,
    RunFormula,
    SyncPage,
    UpdateRows,
)

DAY = {"$": "d", "v": 1_750_000_000_000}
UNDEFINED = {"$": "u"}
FORM = {"dynamicUrl": "https://example.com/forms/7"}
PROJECT = {
    "id": 7,
    "full_name": "ada/engine",
    "stargazers_count": 12,
    "created_at": "2020-02-29T12:00:00Z",
    "owner": {"login": "ada", "site": "https://example.com/ada"},
    "topics": ["one", "two"],
    "undeclared": True,
}


def ok(body: Any, **more: Any) -> dict[str, Any]:
    return {"body": body, **more}


def table(kind: str, coda: str) -> dict[str, Any]:
    return {
        "spec": DynamicTable("Answers", kind),
        "coda": {"metadataFormulaType": coda, "syncTableName": "Answers"},
        "params": ["", ""],
        "sync": FORM,
    }


def complete(parameter: str, search: str, country: str) -> dict[str, Any]:
    return {
        "spec": Autocomplete(Parent("Weather"), parameter),
        "coda": {
            "metadataFormulaType": "ParameterAutocomplete",
            "parentFormulaName": "Weather",
            "parentFormulaType": "Standard",
            "parameterName": parameter,
        },
        "params": [search, f'{{"country": "{country}"}}'],
    }


def note(key: str, title: str) -> dict[str, Any]:
    value = {"id": key, "title": title}
    return {"previousValue": {"id": key, "title": "Old"}, "newValue": value, "updatedFields": ["title"]}


def states(search: str, **more: Any) -> dict[str, Any]:
    values = {"Project": "P", "Title": "T"}
    return {
        "spec": PropertyOptions(
            table="Tickets", options="state", property="State", values=values, schema={"type": "string"}, search=search
        ),
        "coda": {
            "metadataFormulaType": "PropertyOptions",
            "syncTableName": "Tickets",
            "optionsFormulaKey": "state",
            "propertyName": "State",
            "propertyValues": values,
            "propertySchema": {"type": "string"},
            "search": search,
        },
        **more,
    }


CASES: dict[str, dict[str, Any]] = {
    "a formula": {"pack": "formula", "spec": RunFormula("Greet"), "params": ["Ada"]},
    "a formula with signs of all kinds": {"pack": "formula", "spec": RunFormula("Greet"), "params": ["é\u2028\n\"𝒜'"]},
    "a message for the user": {"pack": "formula", "spec": RunFormula("Refuse")},
    "an error of the pack": {"pack": "formula", "spec": RunFormula("Fail")},
    "scopes that are missing": {"pack": "formula", "spec": RunFormula("MissScopes")},
    "parameters of all types": {
        "pack": "parameters",
        "spec": RunFormula("Describe"),
        "params": ["text", 1.5, True, DAY, ["a", "b"], [1, None, 3]],
    },
    "a day in its zone": {"pack": "parameters", "spec": RunFormula("LocalDay"), "params": [DAY]},
    "no repeated set": {"pack": "variadic", "spec": RunFormula("Join"), "params": ["All"]},
    "an optional parameter that is left out": {
        "pack": "variadic",
        "spec": RunFormula("Join"),
        "params": ["All", UNDEFINED, "a", 1, "b", 2],
    },
    "two repeated sets": {"pack": "variadic", "spec": RunFormula("Join"), "params": ["All", "+", "a", 1, "b", 2]},
    "an object": {"pack": "objects", "spec": RunFormula("Project"), "params": [7], "responses": [ok(PROJECT)]},
    "a list of objects": {
        "pack": "objects",
        "spec": RunFormula("Projects"),
        "responses": [ok(PROJECT), ok({**PROJECT, "id": 8, "topics": []})],
    },
    "the first page": {
        "pack": "table",
        "spec": SyncPage("Tasks"),
        "params": ["home"],
        "sync": {},
        "responses": [ok({"items": [{"id": "1", "title": "Wash", "done": False}], "more": True})],
    },
    "the next page": {
        "pack": "table",
        "spec": SyncPage("Tasks"),
        "params": [UNDEFINED],
        "sync": {"continuation": {"page": 2}},
        "responses": [ok({"items": [{"id": "2", "title": "Dry", "done": True}], "more": False})],
    },
    "a page that cannot be had": {
        "pack": "table",
        "spec": SyncPage("Tasks"),
        "params": ["home"],
        "sync": {},
        "responses": [ok({"message": "Later."}, status=503)],
    },
    "the tables that there are": {
        "pack": "dynamic",
        **table("listDynamicUrls", "SyncListDynamicUrls"),
        "responses": [ok({"forms": [{"title": "Lunch", "url": "https://example.com/forms/7"}]})],
    },
    "a table's name": {
        "pack": "dynamic",
        **table("tableName", "SyncGetTableName"),
        "responses": [ok({"title": "Lunch"})],
    },
    "a table's address": {"pack": "dynamic", **table("displayUrl", "SyncGetDisplayUrl")},
    "a table's schema": {
        "pack": "dynamic",
        **table("tableSchema", "SyncGetSchema"),
        "responses": [ok({"fields": [{"name": "main dish", "key": "f1"}, {"name": "drink", "key": "f2"}]})],
    },
    "a page of a dynamic table": {
        "pack": "dynamic",
        "spec": SyncPage("Answers"),
        "sync": {
            **FORM,
            "schema": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "AnswerId": {"type": "string", "fromKey": "id"},
                        "MainDish": {"type": "string", "fromKey": "f1"},
                    },
                },
            },
        },
        "responses": [ok({"answers": [{"id": "1", "f1": "Soup", "f9": "-"}]})],
    },
    "an action": {"pack": "action", "spec": RunFormula("Post"), "params": ["Hi"], "responses": [ok({"id": "m1"})]},
    "an action that is refused": {
        "pack": "action",
        "spec": RunFormula("Post"),
        "params": ["Hi"],
        "responses": [ok({"message": "No."}, status=403)],
    },
    "a form": {"pack": "action", "spec": RunFormula("Submit"), "responses": [ok({}, status=202)]},
    "a column format": {"pack": "format", "spec": RunFormula("Progress"), "params": [0.4]},
    "a column format that refuses": {"pack": "format", "spec": RunFormula("Progress"), "params": [4]},
    "choices that are written down": {"pack": "autocomplete", **complete("country", "ch", "")},
    "choices that are looked up": {
        "pack": "autocomplete",
        **complete("city", "os", "NO"),
        "responses": [ok({"cities": [{"name": "Oslo", "id": "1"}, {"name": "Bergen", "id": "2"}]})],
    },
    "a connection's name": {
        "pack": "authentication",
        "spec": ConnectionName(),
        "coda": {"metadataFormulaType": "GetConnectionName"},
        "params": ["", ""],
        "responses": [ok({"name": "Ada"})],
    },
    "a status that the pack understands": {
        "pack": "authentication",
        "spec": RunFormula("Me"),
        "responses": [ok({"message": "Nobody."}, status=404)],
    },
    "a token that is refused": {
        "pack": "authentication",
        "spec": RunFormula("Me"),
        "responses": [ok({"message": "Expired."}, status=401)],
    },
    "endpoints to choose from": {
        "pack": "bearer",
        "spec": Endpoints("SelectSite"),
        "coda": {"metadataFormulaType": "PostSetupSetEndpoint", "stepName": "SelectSite"},
        "params": ["", ""],
        "responses": [ok({"sites": [{"name": "One", "url": "https://one.example.com"}]})],
    },
    "an endpoint": {
        "pack": "bearer",
        "spec": RunFormula("Where"),
        "context": {"endpoint": "https://one.example.com"},
        "responses": [ok({})],
    },
    "edits, one of which is wrong": {
        "pack": "update",
        "spec": UpdateRows("Notes"),
        "updates": [note("1", "New"), note("2", "")],
        "responses": [ok({"id": "1", "title": "New"})],
    },
    "the values of a property": {
        "pack": "options",
        **states("o", responses=[ok({"states": ["open", {"display": "Closed", "value": "closed"}]})]),
    },
    "a file": {
        "pack": "bytes",
        "spec": RunFormula("Encode"),
        "responses": [ok({"$": "b", "v": "AAECw6T/"}, headers={"content-type": "image/png"})],
    },
    "bytes that are sent": {"pack": "bytes", "spec": RunFormula("Upload"), "responses": [ok({}, status=201)]},
}
