"""What the pack asks for and reads is in GitHub's own description of its API, of github.com and Enterprise Server."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from packs.github.pack import pack
from packsys.sdk import Context, FetchError, Invocation, Kind, Request, Response, Type
from packsys.sdk.calling import call, read_page
from packsys.sdk.fitting import fit
from packsys.sdk.schema import as_type
from packsys.sdk.surroundings import Sync
from tests.fakeapi.github import Asked, answer
from tests.fakeapi.world import hereisfun

CALLS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("Repos", {}),
    ("Repos", {"owner": "octocat"}),
    ("Repo", {"url": "octocat/hello-world"}),
    ("User", {}),
    ("User", {"login": "octocat"}),
)
# What a table asks for, from where in its run, and the properties that the pack writes itself.
TABLES: Mapping[str, tuple[Mapping[str, Any], frozenset[str]]] = {
    "Repos": ({}, frozenset()),
    "Issues": ({"parent": [1, "octocat/hello-world"]}, frozenset({"Repository", "Labels"})),
}
TYPES = {
    Kind.TEXT: {"string"},
    Kind.NUMBER: {"integer", "number"},
    Kind.BOOLEAN: {"boolean"},
    Kind.DATETIME: {"string"},
    Kind.LIST: {"array"},
    Kind.OBJECT: {"object"},
}


@dataclass(frozen=True)
class Api:
    """Reads an OpenAPI description."""

    document: dict[str, Any]

    def operation(self, request: Request) -> dict[str, Any]:
        """Finds what a request asks for, preferring paths without parameters."""
        for path in sorted(self.document["paths"], key=lambda each: each.count("{")):
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))
            if re.fullmatch(pattern, request.url) and request.method.lower() in self.document["paths"][path]:
                found: dict[str, Any] = self.document["paths"][path][request.method.lower()]
                return found
        raise AssertionError(f"{request.method} {request.url} is not in the description.")

    def query(self, operation: dict[str, Any]) -> set[str]:
        parameters = [self.followed(each) for each in operation.get("parameters", [])]
        return {each["name"] for each in parameters if each["in"] == "query"}

    def content(self, operation: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.followed(operation["responses"]["200"])["content"]["application/json"]
        return found

    def followed(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self.document
            for step in node["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            node = target
        return node

    def variants(self, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Gives every form that a value may have; parts that belong together are joined."""
        node = self.followed(node)
        if "allOf" in node:
            parts = [variant for part in node["allOf"] for variant in self.variants(part)]
            yield {**{key: value for part in parts for key, value in part.items()}, **node}
        for choice in ("oneOf", "anyOf"):
            for each in node.get(choice, []):
                yield from self.variants(each)
        if not {"allOf", "oneOf", "anyOf"} & set(node):
            yield node


class Noting:
    """Is a fetcher that keeps the request and gives no answer."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def fetch(self, request: Request) -> Response:
        self.requests.append(request)
        raise FetchError


@pytest.fixture(scope="session", params=["api.github.com.json", "ghes-3.17.json", "ghes-3.19.json"])
def api(octokit: Path, request: pytest.FixtureRequest) -> Api:
    return Api(json.loads((octokit / "openapi" / "generated" / request.param).read_text()))


def asked(formula: str, arguments: Mapping[str, Any]) -> Request:
    fetcher = Noting()
    invocation = Invocation(pack=pack.name, version=pack.version, formula=formula)
    context = Context(fetcher=fetcher, invocation=invocation, logger=logging.getLogger("test"))
    with pytest.raises(FetchError):
        call(pack.formulas[formula], context, arguments)
    return fetcher.requests[0]


def asked_by(table: str) -> Request:
    fetcher = Noting()
    invocation = Invocation(pack=pack.name, version=pack.version, formula=table)
    sync = Sync(continuation=TABLES[table][0], previous={"since": "2026-01-01T00:00:00Z"})
    context = Context(fetcher=fetcher, invocation=invocation, logger=logging.getLogger("test"), sync=sync)
    with pytest.raises(FetchError):
        read_page(pack.sync_tables[table], context, {})
    return fetcher.requests[0]


def misfits(api: Api, declared: Type, described: dict[str, Any], path: str) -> Iterator[str]:
    """Lists where a declared type contradicts every or any described form of the value."""
    for variant in api.variants(described):
        if variant.get("type", "object") not in TYPES[declared.kind]:
            yield f"{path} is {variant.get('type')}, not {declared.kind}"
        elif declared.kind is Kind.DATETIME and variant.get("format") != "date-time":
            yield f"{path} has the format {variant.get('format')}"
        elif declared.item is not None:
            yield from misfits(api, declared.item, variant["items"], f"{path}[]")
        elif declared.schema is not None:
            yield from property_misfits(api, declared, variant, path)


def property_misfits(api: Api, declared: Type, variant: dict[str, Any], path: str) -> Iterator[str]:
    assert declared.schema is not None
    for name, each in declared.schema.properties.items():
        described = variant.get("properties", {}).get(each.from_key)
        if described is None:
            yield f"{path}.{name}: there is no {each.from_key}"
            continue
        if each.required and each.from_key not in variant.get("required", []):
            yield f"{path}.{name}: {each.from_key} may be absent"
        if each.required and api.followed(described).get("nullable"):
            yield f"{path}.{name}: {each.from_key} may be null"
        yield from misfits(api, each.value_type, described, f"{path}.{name}")


@pytest.mark.parametrize(("formula", "arguments"), CALLS)
def test_the_request_is_described(api: Api, formula: str, arguments: Mapping[str, Any]) -> None:
    request = asked(formula, arguments)
    assert set(request.query) <= api.query(api.operation(request))


@pytest.mark.parametrize(("formula", "arguments"), CALLS)
def test_every_property_is_described_with_its_type(api: Api, formula: str, arguments: Mapping[str, Any]) -> None:
    described = api.content(api.operation(asked(formula, arguments)))["schema"]
    assert list(misfits(api, pack.formulas[formula].result, described, formula)) == []


@pytest.mark.parametrize(("formula", "arguments"), CALLS)
def test_the_examples_of_the_description_fit(api: Api, formula: str, arguments: Mapping[str, Any]) -> None:
    examples = api.content(api.operation(asked(formula, arguments))).get("examples", {})
    assert examples
    for example in examples.values():
        fit(api.followed(example)["value"], pack.formulas[formula].result)


@pytest.mark.parametrize("table", TABLES)
def test_the_request_of_a_table_is_described(api: Api, table: str) -> None:
    request = asked_by(table)
    assert set(request.query) <= api.query(api.operation(request))


@pytest.mark.parametrize("table", TABLES)
def test_every_property_of_a_table_is_described_with_its_type(api: Api, table: str) -> None:
    schema = pack.sync_tables[table].schema
    assert schema is not None
    described = api.followed(api.content(api.operation(asked_by(table)))["schema"]["items"])
    found = [
        each for variant in api.variants(described) for each in property_misfits(api, as_type(schema), variant, table)
    ]
    assert [each for each in found if not each.startswith(tuple(f"{table}.{own}" for own in TABLES[table][1]))] == []


@pytest.mark.parametrize(
    "path",
    [
        "/user",
        "/users/hereisfun",
        "/user/repos",
        "/user/orgs",
        "/repos/hereisfun/abacus",
        "/repos/tea-house-labs/kettle",
        "/orgs/tea-house-labs",
        "/repos/hereisfun/abacus/issues",
    ],
)
def test_the_stand_in_answers_with_what_is_described(api: Api, path: str) -> None:
    described = api.content(api.operation(Request(url=path)))["schema"]
    body = answer(hereisfun(), Asked(path=path)).body
    differences = [sorted(unlike(api, body, variant)) for variant in api.variants(described)]
    assert min(differences, key=len) == []


def unlike(api: Api, value: Any, described: dict[str, Any], path: str = "") -> Iterator[str]:
    """Lists the keys that an answer lacks, and those that nobody described."""
    match value:
        case list():
            for each in value:
                yield from unlike(api, each, api.followed(described["items"]), f"{path}[]")
        case dict():
            properties = described.get("properties", {})
            yield from (f"{path}.{key} is missing" for key in described.get("required", []) if key not in value)
            yield from (f"{path}.{key} is unknown" for key in value if key not in properties)
