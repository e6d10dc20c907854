"""A manifest from outside is held against its schema and every rule, and what is wrong is said with its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packsys.catalog.manifest import describe, release
from packsys.catalog.shape import misshapen
from packsys.catalog.validation import problems, validate
from packsys.errors import BrokenPack
from packsys.sandbox.loading import load_pack
from tests.catalog.whole import pack

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads(files("packsys.catalog").joinpath("manifest.schema.json").read_text())
WHOLE: dict[str, Any] = json.loads(json.dumps(describe(pack)))
PACKS = [
    "packs/github",
    "tests/packs/probe.py",
    *(f"examples/{each}" for each in ("hello", "weather", "todo", "github")),
]
judge = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("place", PACKS)
def test_the_packs_here_keep_every_rule(place: str) -> None:
    manifest = json.loads(json.dumps(describe(load_pack(ROOT / place))))
    judge.validate(manifest)
    assert validate(manifest) is manifest


def test_a_pack_with_one_of_everything_keeps_every_rule() -> None:
    judge.validate(WHOLE)
    assert problems(WHOLE) == []
    assert list(release(WHOLE).formulas) == ["Task", "Add", "Join"]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*path, key))


def changed(path: tuple[Any, ...], value: Any) -> Any:
    """Gives the whole manifest with one place changed, or without it."""
    manifest = copy.deepcopy(WHOLE)
    if not path:
        return value
    inner: Any = manifest
    for key in path[:-1]:
        inner = inner[key]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return manifest


junk = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=60), st.just(...),
    st.sampled_from(["x" * 1001, 10**400, "text", "optional", {"kind": "text"}, {"kind": "list"}, [], {}, -1, 61]),
    st.dictionaries(st.text(max_size=5), st.none(), max_size=2), st.lists(st.none(), max_size=2),
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*places(WHOLE)]), junk)
def test_any_change_is_judged_as_a_full_implementation_judges_it(path: tuple[Any, ...], value: Any) -> None:
    """And what no rule refuses can be read."""
    manifest = changed(path, value)
    assert bool([*misshapen(manifest)]) is not judge.is_valid(manifest)
    found = problems(manifest)
    assert all(len(str(each)) < 2000 for each in found)
    if not found:
        release(manifest)


HOSTILE: list[tuple[tuple[Any, ...], Any, str, str]] = [
    (("name",), "Git Hub", "name", "letters, digits and underscores"),
    (("name",), 7, "name", "a letter, followed by"),
    (("version",), "1.0.0.0", "version", "three numbers with dots"),
    (("domains", 0), "10.0.0.1", "domains[0]", "an address is not a name"),
    (("domains", 0), "https://a.example", "domains[0]", "a bare host name"),
    (("base_url",), "https://evil.example", "base_url", "one of the domains"),
    (("base_url",), "http://api.example.com", "base_url", "begin it with 'https://'"),
    (("authentication", "kind"), "Telepathy", "authentication.kind", "one of NoAuthentication"),
    (("authentication", "domain"), "evil.example", "authentication", "is not declared"),
    (("authentication", "domain"), ..., "authentication", "say domain="),
    (("authentication", "header"), "X", "authentication", "OAuth2 has no 'header'"),
    (("authentication", "token_url"), "http://example.com", "authentication", "begin it with 'https://'"),
    (("authentication", "token_url"), ..., "authentication", "declare it whole"),
    (("authentication",), None, "formulas[0]", "declares no authentication"),
    (("system_authentication", "kind"), "OAuth2", "system_authentication", "OAuth2 has no 'parameter'"),
    (("formulas", 1, "name"), "TASK", "formulas[1].name", "another one has that name"),
    (("formulas", 0, "timeout"), 90, "formulas[0].timeout", "more than 0 and at most 60"),
    (("formulas", 1, "cache_stale"), 60, "formulas[1]", "and a cache_ttl besides"),
    (("formulas", 0, "cache_stale"), -1, "formulas[0].cache_stale", "while another is made"),
    (("formulas", 1, "cache_ttl"), 60, "formulas[1]", "never answered from a cache"),
    (("formulas", 0, "result", "schema", "id"), "Nothing", "formulas[0].result.schema", "no such property"),
    (("formulas", 0, "result", "kind"), "text", "formulas[0].result", "to objects only"),
    (("formulas", 0, "result"), {"kind": "list"}, "formulas[0].result", "the type of its items"),
    (("formulas", 0, "result"), {"kind": "text", "hint": "percent"}, "formulas[0].result", "use it with number"),
    (("formulas", 0, "parameters", 0, "name"), "account", "formulas[0].parameters[0].name", "the connected account"),
    (("formulas", 0, "parameters", 0, "type"), {"kind": "object"}, "formulas[0].parameters[0].type", "take text"),
    (("formulas", 0, "parameters", 2, "required"), True, "formulas[0].parameters", "put required ones first"),
    (("formulas", 0, "parameters", 0, "checks", 0, "pattern"), "(a+)+", "formulas[0].parameters[0]", "varies"),
    (("formulas", 2, "examples", 0, "result"), None, "formulas[2].examples[0].result", "null shows nothing"),
    (("sync_tables", 1, "identity"), "task", "sync_tables[1].identity", "another one has that name"),
    (("sync_tables", 0, "identity"), "Title", "sync_tables[0].identity", "a property has that name"),
    (("sync_tables", 0, "schema", "id"), "", "sync_tables[0].schema.id", "tells rows apart"),
    (("sync_tables", 0, "schema"), None, "sync_tables[0].schema", "make it dynamic"),
    (("sync_tables", 0, "max_update_batch_size"), 1001, "sync_tables[0].max_update_batch_size", "at most 1000"),
    (("sync_tables", 0, "parameters", 0, "variadic"), True, "sync_tables[0].parameters", "take a list instead"),
    (("column_formats", 0, "formula"), "Nothing", "column_formats[0].formula", "a formula of this pack"),
    (("column_formats", 0, "formula"), "Add", "column_formats[0].formula", "exactly one required parameter"),
    (("column_formats", 0, "matchers"), ["a"] * 11, "column_formats[0].matchers", "0 to 10 entries"),
    (("column_formats", 0, "matchers"), ["(a|a)*"], "column_formats[0].matchers", "something varies"),
    (("formulas", 0, "description"), " ", "formulas[0]", "say in a sentence"),
    (("formulas", 0, "parameters", 0, "description"), "", "formulas[0].parameters[0].description", "say in a sentence"),
    (("sync_tables", 0, "description"), "", "sync_tables[0]", "say in a sentence"),
    (("surprise",), 1, "surprise", "leave it out"),
    (("id",), ..., "id", "give it"),
    ((), [], "", "give an object"),
    ((), "[" * 10, "", "give an object"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "place", "advice"), HOSTILE, ids=str)
def test_what_is_wrong_is_said_with_its_place(path: tuple[Any, ...], value: Any, place: str, advice: str) -> None:
    found = problems(changed(path, value))
    assert any(each.path == place and advice in each.advice for each in found), list(map(str, found))


def test_a_bundle_of_the_coda_sdk_follows_that_sdk() -> None:
    table = {**WHOLE["sync_tables"][1], "description": "", "identity": "", "dynamic": ["getSchema"]}
    script = {**WHOLE, "runtime": "javascript", "version": "1.2", "sync_tables": [table], "coda": {"formulas": []}}
    judge.validate(script)
    assert problems(script) == []


def test_a_refusal_is_one_sentence_after_the_other() -> None:
    with pytest.raises(BrokenPack, match=r"formulas\[0\]\.timeout is 90: give seconds, more than 0 and at most 60\."):
        validate(changed(("formulas", 0, "timeout"), 90))


def test_what_is_huge_or_deep_is_looked_at_no_further() -> None:
    deep: Any = []
    for _ in range(10_000):
        deep = [deep]
    for hostile in (deep, [[0] * 1000] * 1000):
        assert "declare less" in str(problems({"id": hostile})[0])


def test_no_more_is_said_than_anybody_reads() -> None:
    assert len(problems({str(each): None for each in range(1000)})) == 20
