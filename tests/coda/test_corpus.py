"""Packs that others wrote, as the SDK's tarball ships them, give what they give under the SDK's own harness.

What each is answered is made up from what its code reads: see ``corpus.js``. The packs are in parts, of which the first
is the short form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from packsys.catalog.validation import problems
from packsys.errors import NoSandbox, PacksysError, PermissionRefused, UserVisible
from packsys.model import Blob
from packsys.ports import Inquiry, Request, Response, World
from packsys.sandbox.faults import fault
from packsys.sandbox.javascript import wire
from packsys.sandbox.javascript.keys import to_keys, to_names
from packsys.sandbox.javascript.outward import request_of
from packsys.sandbox.javascript.runner import JavaScriptSandbox
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
    Surroundings,
    SyncPage,
    UpdateRows,
)
from packsys.sdk import Page, StatusCodeError, Sync
from packsys.sdk import Response as Answer
from packsys.sdk.targets import Aim, Target
from tests.coda.test_conformance import BUNDLES, HERE, node, packages, shown

__all__ = ["packages"]

CORPUS = BUNDLES.with_name("packsys-corpus")
SDK = HERE / "node_modules" / "@codahq" / "packs-sdk"
SOURCES = (SDK / "documentation" / "samples" / "packs", SDK / "test" / "packs")
PRELUDE = (HERE / "prelude.js").read_bytes()
PARTS = 8
LEAST, LEAST_PAGES = 25, 1  # cases of a part: far fewer would mean that the packs are not driven any more

# The manifests that packsys refuses, and why.
REFUSED = {"fake_v2": "several domains, none of which is named for its secret"}

# Nobody gives the same twice: a random UUID.
RANDOM = {"RandomId"}

pytestmark = [pytest.mark.usefixtures("packages"), pytest.mark.timeout(600)]


@pytest.fixture(scope="module", params=[0, *(pytest.param(part, marks=pytest.mark.long) for part in range(1, PARTS))])
def corpus(packages: None, request: pytest.FixtureRequest) -> Path:
    part: int = request.param
    output = CORPUS / str(part)
    for folder in SOURCES:
        node("build.js", folder, output, part, PARTS)
    return output


@pytest.fixture(scope="module")
def cases(corpus: Path) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = json.loads(node("corpus.js", corpus))
    return found


@pytest.fixture(scope="module")
def names(corpus: Path) -> Sequence[str]:
    return sorted(each.parent.name for each in corpus.glob("*/bundle.js"))


@pytest.fixture(scope="module")
def sandbox(corpus: Path, names: Sequence[str]) -> Iterator[JavaScriptSandbox]:
    def source(number: int, _: str) -> Mapping[str, bytes]:
        return {"bundle.js": PRELUDE + (corpus / names[number - 1] / "bundle.js").read_bytes()}

    made = JavaScriptSandbox(source, spare=1)
    try:
        made.start()
    except NoSandbox as missing:
        pytest.skip(missing.message)
    yield made
    made.close()


class Service:
    """Answers each request as it was answered under the harness, in whatever order they come, and keeps files."""

    def __init__(self, case: Mapping[str, Any]) -> None:
        asked = [shown(request_of(wire.decode(each), timeout=0)) for each in case["requests"]]
        self._left = list(zip(asked, case["responses"], strict=True))
        self._lock = Lock()
        self.kept = 0

    def fetch(self, request: Request) -> Response:
        with self._lock:
            place = next(at for at, (asked, _) in enumerate(self._left) if asked == shown(request))
            answer = self._left.pop(place)[1]
        body = wire.decode(answer["body"])
        sent = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        return Response(status=answer["status"], headers=answer["headers"], body=sent)

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float) -> str:
        self.kept += 1
        return f"https://blobs.example/{self.kept}"

    def get(self, blob: str) -> Blob | None:
        return None

    @property
    def unasked(self) -> list[Any]:
        return [asked for asked, _ in self._left]


def test_every_pack_gives_the_same_here(
    sandbox: JavaScriptSandbox, cases: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> None:
    assert len(cases) >= LEAST
    differences = [
        f"{case['pack']} {case['spec']}: {difference}"
        for case in cases
        if case["spec"].get("name") not in RANDOM
        if (difference := _difference(sandbox, names.index(case["pack"]) + 1, case))
    ]
    assert not differences, f"{len(differences)} differ:\n" + "\n".join(differences)


def _difference(sandbox: JavaScriptSandbox, pack: int, case: Mapping[str, Any]) -> str:
    service = Service(case)
    try:
        raw = _run(sandbox, pack, case, service)
        if case["spec"]["kind"] == "sync" and not _are_rows(raw["result"]):
            return ""  # the harness reads other things as empty objects, or stumbles; the house refuses them
        value = _plain(_named(sandbox, pack, case, raw))
    except PacksysError as error:
        found = "" if _is_same_error(error, case) else f"{error!r} instead of {case.get('error', 'a value')}"
    else:
        wanted = _plain(wire.decode(case["value"])) if "value" in case else case["error"]
        found = "" if _same(value, wanted) else f"{value!r} instead of {wanted!r}"
    return found or (f"not asked: {service.unasked}" if service.unasked else "")


def _run(sandbox: JavaScriptSandbox, pack: int, case: Mapping[str, Any], service: Service) -> Any:
    return sandbox.invoke(
        pack,
        "1.0.0",
        _spec(case["spec"]),
        [wire.decode(each) for each in case["params"]],
        fetcher=service,
        call="Test::Case",
        around=Surroundings(
            timezone="America/Los_Angeles",
            token="token",
            endpoint="https://one.example.com",
            sync=wire.decode(case["sync"]) if "sync" in case else None,
        ),
        updates=case.get("updates"),
        blobs=service,
    )


def _spec(written: Mapping[str, Any]) -> Spec:
    match written:
        case {"kind": "formula", "name": name}:
            return RunFormula(name)
        case {"kind": "sync", "name": name}:
            return SyncPage(name)
        case {"kind": "update", "name": name}:
            return UpdateRows(name)
        case {"kind": "connectionName"}:
            return ConnectionName()
        case {"kind": "connectionUserId"}:
            return ConnectionUserId()
        case {"kind": "endpoints", "name": name}:
            return Endpoints(name)
        case {"kind": "autocomplete", "of": {"name": name, "kind": kind}, "parameter": parameter}:
            return Autocomplete(Parent(name, kind), parameter)
        case {"kind": "propertyOptions", **rest}:
            return PropertyOptions(**rest)
        case _:
            return DynamicTable(written["name"], written["kind"])


def _named(sandbox: JavaScriptSandbox, pack: int, case: Mapping[str, Any], value: Any) -> Any:
    """Gives rows and results the names of their schema, which the SDK's harness does by itself."""
    coda, spec = sandbox.declared(pack, "1.0.0"), case["spec"]
    match spec["kind"]:
        case "formula":
            return to_names(
                value, next(each.get("schema") for each in coda["formulas"] if each["name"] == spec["name"])
            )
        case "sync":
            return {**value, "result": to_names(value["result"], _rows(coda, case))}
        case _:
            return value


def _rows(coda: Mapping[str, Any], case: Mapping[str, Any]) -> Any:
    name = case["spec"]["name"]
    declared = next(each["getter"].get("schema") for each in coda["syncTables"] if each["name"] == name)
    return wire.decode(case.get("sync", {})).get("schema") or declared


def _are_rows(result: Any) -> bool:
    return isinstance(result, list) and all(isinstance(each, dict) for each in result)


def _plain(value: Any) -> Any:
    """Leaves of an error what a host can know, and takes ``undefined`` for null."""
    match value:
        case wire.Raised():
            return value.name, value.message, value.for_user
        case dict():
            return {name: _plain(each) for name, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case _:
            return None if value is wire.UNDEFINED else value


def _same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other) if isinstance(one, float) else bool(one == other)


def _is_same_error(error: PacksysError, case: Mapping[str, Any]) -> bool:
    match case.get("error"):
        case None:
            return False
        case {"isUserVisible": True, "message": message}:
            return (type(error), error.message) == (UserVisible, message)
        case {"name": "MissingScopesError"}:
            return type(error) is PermissionRefused
        case {"name": "StatusCodeError", "statusCode": status}:
            wanted = fault("Test::Case", StatusCodeError(Answer(status=status)))
            return type(error) is type(wanted)
        case {"name": name, "message": message}:
            return error.message == f"Test::Case raised {name}: {message}"[: len(error.message)]
        case _:
            return False


def test_every_manifest_is_one_that_the_house_takes(sandbox: JavaScriptSandbox, names: Sequence[str]) -> None:
    found = {name: problems(sandbox.describe(number, "1.0.0", name="Test")) for number, name in enumerate(names, 1)}
    assert {name: [*map(str, wrong)] for name, wrong in found.items() if wrong and name not in REFUSED} == {}


def test_every_page_can_be_asked_for(
    sandbox: JavaScriptSandbox, cases: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> None:
    pages = [each for each in cases if each["spec"]["kind"] == "sync" and "value" in each and not each["sync"]]
    pages = [each for each in pages if all(isinstance(row, dict) for row in each["value"]["result"])]
    assert len(pages) >= LEAST_PAGES
    for case in pages:
        wanted, schema = wire.decode(case["value"]), _rows(sandbox.declared(*_at(names, case)), case)
        page = sandbox.ask(_inquiry(sandbox, names, case))
        assert isinstance(page, Page)
        assert page.rows == to_keys(wanted["result"], schema), case["pack"]
        assert page.continuation == wanted.get("continuation")


def _at(names: Sequence[str], case: Mapping[str, Any]) -> tuple[int, str]:
    return names.index(case["pack"]) + 1, "1.0.0"


def _inquiry(sandbox: JavaScriptSandbox, names: Sequence[str], case: Mapping[str, Any]) -> Inquiry:
    pack, version = _at(names, case)
    table = next(each for each in sandbox.declared(pack, version)["syncTables"] if each["name"] == case["spec"]["name"])
    given = (wire.decode(each) for each in case["params"])
    declared = (each["name"] for each in table["getter"]["parameters"])
    service = Service(case)
    return Inquiry(
        pack_id=pack,
        version=version,
        target=Target(aim=Aim.PAGE, name=case["spec"]["name"]),
        arguments=dict(zip(declared, given, strict=False)),
        world=World(
            fetcher=service,
            timeout=20.0,
            timezone="America/Los_Angeles",
            endpoint="https://one.example.com",
            token="token",
            blobs=service,
            sync=Sync(continuation=case["sync"].get("continuation", {})),
        ),
    )
