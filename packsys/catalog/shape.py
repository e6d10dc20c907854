"""Holds a value against the published JSON Schema, in sentences.

It understands the words of JSON Schema that ``manifest.schema.json`` uses, and no others: the schema stays the one
truth, and a server needs no library to ask it. The tests hold it against a full implementation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

DEEPEST = 40  # levels of nesting
MOST_VALUES = 200_000

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
}
_WORDS = {"object": "an object", "array": "a list", "string": "a text", "boolean": "true or false", "null": "null",
          "integer": "a whole number", "number": "a number"}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Is one thing wrong: where, what was found there, and what to do."""

    path: str
    found: str
    advice: str

    def __str__(self) -> str:
        """Says it in a sentence: 'formulas[0].timeout is 90: give seconds, more than 0 and at most 60.'."""
        return f"{self.path or 'The manifest'} is {self.found}: {self.advice}."

    @property
    def pointer(self) -> str:
        """Gives the place as a JSON Pointer (RFC 6901): '/formulas/0/timeout'."""
        return "".join(f"/{part}" for part in re.findall(r"[^.\[\]]+", self.path))


@cache
def manifest_schema() -> Mapping[str, Any]:
    """Reads the published schema of manifests."""
    found: Mapping[str, Any] = json.loads(files("packsys.catalog").joinpath("manifest.schema.json").read_text("utf-8"))
    return found


def misshapen(value: object) -> Iterator[Problem]:
    """Lists where a manifest is not as its schema says; a huge or deep one is looked at no further."""
    size = _too_large(value)
    if size:
        yield Problem("", size, "declare less")
        return
    yield from _check(value, manifest_schema(), "")


def shown(value: object) -> str:
    """Shows a value that was found, shortly."""
    match value:
        case dict() | list():
            return f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
        case _:
            text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
            return text if len(text) <= 60 else f"{text[:59]}…"


def _too_large(value: object) -> str:
    level, count = [value], 0
    for _ in range(DEEPEST):
        count += len(level)
        if count > MOST_VALUES:
            return f"larger than {MOST_VALUES} values"
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return ""
    return f"nested more than {DEEPEST} times"


def _inside(value: object) -> Sequence[object]:
    return [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()


def _check(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if "$ref" in schema:
        schema = manifest_schema()["$defs"][schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        schema = schema["anyOf"][0 if value is None else 1]
        yield from _check(value, schema, path)
        return
    wanted = next(_unmet(value, schema), "")
    if wanted:
        yield Problem(path, shown(value), f"give {schema.get('description', wanted)}")
        return
    if isinstance(value, dict):
        yield from _check_object(value, schema, path)
    if isinstance(value, list):
        for place, each in enumerate(value):
            yield from _check(each, schema.get("items", {}), f"{path}[{place}]")


def _unmet(value: Any, schema: Mapping[str, Any]) -> Iterator[str]:
    wanted = schema.get("type", [])
    wanted = [wanted] if isinstance(wanted, str) else wanted
    if wanted and not any(_is(value, each) for each in wanted):
        yield " or ".join(_WORDS[each] for each in wanted)
        return
    if "const" in schema and not _equal(value, schema["const"]):
        yield json.dumps(schema["const"])
    if "enum" in schema and not any(_equal(value, each) for each in schema["enum"]):
        yield f"one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str):
        yield from _unmet_text(value, schema)
    elif isinstance(value, (list, dict)):
        yield from _unmet_size(len(value), schema, "Items" if isinstance(value, list) else "Properties")
    elif isinstance(value, (int, float)):
        yield from _unmet_number(value, schema)


def _is(value: object, name: str) -> bool:
    if name in _TYPES:
        return isinstance(value, _TYPES[name])
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return name == "number" or isinstance(value, int) or value.is_integer()


def _equal(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) is isinstance(other, bool)


def _unmet_text(value: str, schema: Mapping[str, Any]) -> Iterator[str]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        yield f"a text of {schema.get('minLength', 0)} to {schema.get('maxLength', 'any')} characters"
    if "pattern" in schema and not re.search(schema["pattern"].removesuffix("$") + r"\Z", value):
        yield f"a text that fits {schema['pattern']}"


def _unmet_size(size: int, schema: Mapping[str, Any], noun: str) -> Iterator[str]:
    least, most = schema.get(f"min{noun}", 0), schema.get(f"max{noun}", size)
    if not least <= size <= most:
        yield f"{least} to {most} entries"


def _unmet_number(value: float, schema: Mapping[str, Any]) -> Iterator[str]:
    if "minimum" in schema and not value >= schema["minimum"]:
        yield f"at least {schema['minimum']}"
    if "exclusiveMinimum" in schema and not value > schema["exclusiveMinimum"]:
        yield f"more than {schema['exclusiveMinimum']}"
    if "maximum" in schema and not value <= schema["maximum"]:
        yield f"at most {schema['maximum']}"


def _check_object(value: Mapping[str, Any], schema: Mapping[str, Any], path: str) -> Iterator[Problem]:
    declared, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield Problem(f"{path}.{name}".lstrip("."), "missing", "give it")
    for name, each in value.items():
        inner = f"{path}.{name[:60]}".lstrip(".")
        if name not in declared and others is False:
            yield Problem(inner, "not known", f"leave it out, or write one of {', '.join(sorted(declared))}")
        else:
            yield from _check(each, declared.get(name, others), inner)
