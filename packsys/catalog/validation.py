"""Checks a manifest that comes from outside: first its shape, then what no schema can say.

Every rule is the SDK's own: what a maker's machine refuses at declaration is refused here again, with the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice, pairwise
from typing import Any

from packsys import sdk
from packsys.catalog.domains import check_owned_domain
from packsys.catalog.shape import Problem, misshapen, shown
from packsys.catalog.types import read_schema
from packsys.errors import BrokenPack
from packsys.sdk import authentication as kinds
from packsys.sdk.appearance import check_appearance
from packsys.sdk.formula import Terms, check_terms
from packsys.sdk.names import check_base_url, check_description, check_name, check_version
from packsys.sdk.patterns import check_pattern
from packsys.sdk.signing import check_authentication, check_system_authentication

MOST_PROBLEMS = 20

# Bundles of the Coda SDK follow the rules of that SDK where they differ: shorter versions, tables without words.
_CODA_VERSION = re.compile(r"\d{1,10}(\.\d{1,10}){0,2}(-prerelease\.\d{1,10})?", re.ASCII)

_Rule = Callable[[Mapping[str, Any]], Iterator[Problem]]


class WrongManifest(BrokenPack):
    """The pack's manifest breaks rules: mend the pack, and build it again."""

    def __init__(self, found: Sequence[Problem]) -> None:
        """Takes everything that is wrong with it."""
        super().__init__("The pack's manifest is refused. " + " ".join(map(str, found)))
        self.problems = tuple(found)


def validate(manifest: object) -> Mapping[str, Any]:
    """Gives back a manifest that keeps every rule; raises WrongManifest with what is wrong."""
    found = problems(manifest)
    if found or not isinstance(manifest, dict):
        raise WrongManifest(found)
    return manifest


def problems(manifest: object) -> Sequence[Problem]:
    """Lists what is wrong with a manifest, at most :data:`MOST_PROBLEMS` things."""
    found = [*islice(misshapen(manifest), MOST_PROBLEMS)]
    if found or not isinstance(manifest, dict):
        return found
    return [*islice((each for rule in _RULES for each in rule(manifest)), MOST_PROBLEMS)]


def _refusals(path: str, found: object, check: Callable[..., object], *arguments: object) -> Iterator[Problem]:
    try:
        check(*arguments)
    except sdk.PackDeclarationError as refusal:
        yield Problem(path, shown(found), str(refusal).rstrip("."))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        yield Problem(path, shown(found), f"declare it whole ({type(error).__name__}: {error})")


def _of_pack(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    name, version = manifest["name"], manifest["version"]
    yield from _refusals("name", name, check_name, "A pack", name)
    if not (_is_script(manifest) and _CODA_VERSION.fullmatch(version)):
        yield from _refusals("version", version, check_version, name, version)
    for place, domain in enumerate(manifest["domains"]):
        yield from _refusals(f"domains[{place}]", domain, check_owned_domain, name, domain)
    if manifest["base_url"]:
        base, domains = manifest["base_url"], manifest["domains"]
        yield from _refusals("base_url", base, check_base_url, name, base, domains)


def _of_authentication(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    for role in ("authentication", "system_authentication"):
        written = manifest.get(role)
        if written is None:
            continue
        yield from _refusals(role, written["kind"], _check_authentication, manifest, role)


def _check_authentication(manifest: Mapping[str, Any], role: str) -> None:
    declared = read_authentication(manifest[role])
    check_authentication(manifest["name"], declared, manifest["domains"])
    if role == "system_authentication":
        check_system_authentication(manifest["name"], declared)


def read_authentication(written: Mapping[str, Any]) -> sdk.Authentication:
    """Reads an authentication that a manifest holds; raises TypeError for fields that its kind does not have."""
    kind = {each.__name__: each for each in kinds.KINDS}[written["kind"]]
    said: dict[str, Any] = {name: value for name, value in written.items() if name != "kind"}
    if said.get("endpoint") is not None:
        said["endpoint"] = sdk.Endpoint(**said["endpoint"])
    for name, inner in (("headers", sdk.Header), ("fields", sdk.Field), ("parameters", sdk.Field)):
        if isinstance(said.get(name), list):
            said[name] = tuple(inner(**each) for each in said[name])
    unknown = sorted(set(said) - {each.name for each in fields(kind)})
    if unknown:
        raise TypeError(f"{written['kind']} has no {unknown[0]!r}")
    return kind(**said)


def _of_formulas(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _unique("formulas", manifest["formulas"], "name")
    for place, formula in enumerate(manifest["formulas"]):
        path = f"formulas[{place}]"
        what, needs = f"Formula {formula['name']}", _authenticated(manifest)
        yield from _refusals(f"{path}.name", formula["name"], check_name, "It", formula["name"])
        yield from _refusals(path, formula["name"], _check_terms, what, formula, needs)
        if not _is_script(manifest):
            yield from _refusals(path, formula["description"], check_description, what, formula["description"])
        yield from _of_type(f"{path}.result", formula["result"])
        yield from _of_parameters(path, formula["parameters"], manifest)


def _check_terms(what: str, written: Mapping[str, Any], authenticated: bool) -> None:
    check_terms(what, _terms(written), authenticated)


def _terms(written: Mapping[str, Any]) -> Terms:
    names = ("cache_ttl", "cache_stale", "timeout", "attempts", "connection", "is_action", "isolation")
    limit = written.get("rate_limit")
    said = {name: written[name] for name in names if name in written}
    return Terms(rate_limit=None if limit is None else sdk.RateLimit(**limit), **said)


def _is_script(manifest: Mapping[str, Any]) -> bool:
    return bool(manifest.get("runtime") == "javascript")


def _authenticated(manifest: Mapping[str, Any]) -> bool:
    declared = manifest["authentication"]
    return _is_script(manifest) or bool(declared and declared["kind"] != "NoAuthentication")


def _of_parameters(
    path: str, parameters: Sequence[Mapping[str, Any]], manifest: Mapping[str, Any]
) -> Iterator[Problem]:
    yield from _unique(f"{path}.parameters", parameters, "name")
    for place, each in enumerate(parameters):
        where = f"{path}.parameters[{place}]"
        yield from _refusals(f"{where}.name", each["name"], check_name, "It", each["name"])
        if each["name"] == "account" and not _is_script(manifest):
            yield Problem(f"{where}.name", "'account'", "call it something else: that is the connected account")
        inner = each["type"].get("item", each["type"])["kind"]
        if inner in ("object", "list"):
            yield Problem(f"{where}.type", inner, "take text, numbers, booleans, dates, durations, or a list of these")
        yield from _of_type(f"{where}.type", each["type"])
        if not _is_script(manifest):
            yield from _of_checks(where, each)
            said = each["description"]
            yield from _refusals(f"{where}.description", said, check_description, "It", said)
    for early, late in pairwise(parameters):
        if late["required"] and (not early["required"] or early["variadic"]):
            yield Problem(f"{path}.parameters", f"{late['name']!r} after {early['name']!r}", "put required ones first")


def _of_checks(path: str, parameter: Mapping[str, Any]) -> Iterator[Problem]:
    for check in parameter.get("checks", ()):
        if check["kind"] == "Matches":
            pattern = check.get("pattern", "")
            yield from _refusals(path, pattern, check_pattern, "It", pattern)


def _of_type(path: str, written: Mapping[str, Any]) -> Iterator[Problem]:
    if (written["kind"] == "list") is not ("item" in written):
        yield Problem(path, written["kind"], "give a list the type of its items, and nothing else one")
        return
    if "schema" in written and written["kind"] != "object":
        yield Problem(path, written["kind"], "give a schema to objects only")
        return
    yield from _refusals(path, written["kind"], _check_hint, written)
    if "item" in written:
        yield from _of_type(f"{path}.item", written["item"])
    if "schema" in written:
        yield from _of_schema(f"{path}.schema", written["schema"])


def _of_schema(path: str, written: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _refusals(path, written["name"], read_schema, written)
    for name, each in written["properties"].items():
        yield from _of_type(f"{path}.properties.{name[:60]}.type", each["type"])


def _check_hint(written: Mapping[str, Any]) -> None:
    attributes = dict(written.get("attributes", {}))
    options = attributes.get("options")
    if isinstance(options, list):
        attributes["options"] = [sdk.Choice(**each) if isinstance(each, dict) else each for each in options]
    elif isinstance(options, dict) and isinstance(options.get("function"), str):
        attributes["options"] = len  # any function: the pack has the real one
    if "hint" in written:
        check_appearance(sdk.Kind(written["kind"]), sdk.Hint(written["hint"]), attributes)
    elif attributes:
        raise sdk.PackDeclarationError("Attributes belong to a hint: name one, or leave them out.")


def _of_tables(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    tables = manifest.get("sync_tables", [])
    yield from _unique("sync_tables", tables, "name")
    yield from _unique("sync_tables", tables, "identity")
    for place, table in enumerate(tables):
        path = f"sync_tables[{place}]"
        yield from _of_parameters(path, table["parameters"], manifest)
        if any(each["variadic"] for each in table["parameters"]):
            yield Problem(f"{path}.parameters", "open-ended", "take a list instead, since a table is set up once")
        what, needs = f"Sync table {table['name']}", _authenticated(manifest)
        yield from _refusals(path, table["name"], _check_terms, what, table, needs)
        if not _is_script(manifest):
            yield from _refusals(path, table["description"], check_description, what, table["description"])
        yield from _of_rows(path, table)


def _of_rows(path: str, table: Mapping[str, Any]) -> Iterator[Problem]:
    schema = table["schema"]
    if schema is None and table["dynamic"] is None:
        yield Problem(f"{path}.schema", "null", "say what its rows are, or make it dynamic")
    if schema is not None:
        yield from _of_schema(f"{path}.schema", schema)
        if not schema["id"]:
            yield Problem(f"{path}.schema.id", "blank", "name the property that tells rows apart")
        if table["identity"] in schema["properties"]:
            yield Problem(f"{path}.identity", shown(table["identity"]), "rename it, since a property has that name")


def _of_formats(manifest: Mapping[str, Any]) -> Iterator[Problem]:
    formats = manifest.get("column_formats", [])
    formulas = {each["name"]: each for each in manifest["formulas"]}
    yield from _unique("column_formats", formats, "name")
    for place, each in enumerate(formats):
        path, formula = f"column_formats[{place}]", formulas.get(each["formula"])
        if formula is None:
            yield Problem(f"{path}.formula", shown(each["formula"]), "name a formula of this pack")
        elif formula["is_action"] or not _takes_one(formula["parameters"], script=_is_script(manifest)):
            yield Problem(f"{path}.formula", shown(each["formula"]), "name one with exactly one required parameter")
        if not _is_script(manifest):
            for pattern in each["matchers"]:
                yield from _refusals(f"{path}.matchers", pattern, check_pattern, "It", pattern)


def _takes_one(parameters: Sequence[Mapping[str, Any]], *, script: bool) -> bool:
    """Tells whether a formula can be called with one value; with the Coda SDK that one may be optional."""
    required = [parameter["required"] for parameter in parameters]
    return bool(required) and not any(required[1:]) if script else sum(required) == 1


def _unique(path: str, entries: Sequence[Mapping[str, Any]], key: str) -> Iterator[Problem]:
    seen: set[str] = set()
    for place, each in enumerate(entries):
        if each[key] and each[key].casefold() in seen:
            yield Problem(f"{path}[{place}].{key}", shown(each[key]), "rename it, since another one has that name")
        seen.add(each[key].casefold())


_RULES: Sequence[_Rule] = (_of_pack, _of_authentication, _of_formulas, _of_tables, _of_formats)
