"""Packs of the Coda SDK give the same value, error and requests here as under the SDK's own harness."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import pytest

from packsys.catalog.manifest import release, result_types
from packsys.catalog.result import adapt
from packsys.catalog.validation import validate
from packsys.errors import NoSandbox, PacksysError, PermissionRefused, UserVisible
from packsys.language.signature import Kind
from packsys.ports import Request, Response
from packsys.sandbox.faults import fault
from packsys.sandbox.javascript import wire
from packsys.sandbox.javascript.keys import to_names
from packsys.sandbox.javascript.outward import request_of
from packsys.sandbox.javascript.runner import JavaScriptSandbox
from packsys.sandbox.javascript.spec import RunFormula, Surroundings, SyncPage
from packsys.sdk import Response as Answer
from packsys.sdk import StatusCodeError
from tests.coda.cases import CASES, PROJECT

HERE = Path(__file__).parent
BUNDLES = HERE / "node_modules" / ".cache" / "packsys"
EXAMPLE = HERE.parents[1] / "examples" / "typescript"
NAMES = sorted(each.stem for each in (HERE / "packs").glob("*.ts"))

pytestmark = pytest.mark.usefixtures("packages")


@pytest.fixture(scope="module")
def packages() -> None:
    """Installs the SDK and what builds with it, once per checkout; skips where that cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node is not on this machine, so packs in TypeScript cannot be built.")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    with (HERE / "package-lock.json").open() as lock:  # another process may be about to do the same
        flock(lock, LOCK_EX)
        if (HERE / "node_modules" / "@codahq").is_dir():
            return
        ran = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        pytest.skip(f"npm could not fetch the SDK: {ran.stderr.strip().splitlines()[-1:]}")


@pytest.fixture(scope="module")
def bundles(packages: None) -> Path:
    node("build.js", "packs", BUNDLES)
    return BUNDLES


@pytest.fixture(scope="module")
def expected(bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    written = tmp_path_factory.mktemp("coda") / "cases.json"
    written.write_text(json.dumps([{**case, "spec": asdict(case["spec"])} for case in CASES.values()]))
    return dict(zip(CASES, json.loads(node("expected.js", written, bundles)), strict=True))


@pytest.fixture(scope="module")
def sandbox(bundles: Path) -> Iterator[JavaScriptSandbox]:
    made = JavaScriptSandbox(lambda number, _: {"bundle.js": (bundles / NAMES[number - 1] / "bundle.js").read_bytes()})
    try:
        made.start()
    except NoSandbox as missing:
        pytest.skip(missing.message)
    yield made
    made.close()


def node(*arguments: object) -> str:
    command = ["node", *map(str, arguments)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Service:
    """Gives the answers of a case in order, and keeps what was asked."""

    def __init__(self, answers: Sequence[Mapping[str, Any]]) -> None:
        self.requests: list[Request] = []
        self._answers = [_response(each) for each in answers]

    def fetch(self, request: Request) -> Response:
        self.requests.append(request)
        return self._answers[len(self.requests) - 1]


def _response(answer: Mapping[str, Any]) -> Response:
    body = wire.decode(answer["body"])
    headers = answer.get("headers", {"content-type": "application/json"})
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=answer.get("status", 200), headers=headers, body=sent)


@pytest.mark.parametrize("name", CASES)
def test_packsys_agrees_with_the_sdk(sandbox: JavaScriptSandbox, expected: Mapping[str, Any], name: str) -> None:
    case, wanted = CASES[name], expected[name]
    service = Service(case.get("responses", ()))
    try:
        value = _normal(sandbox, case, _run(sandbox, case, service))
    except PacksysError as error:
        _check_error(case, error, wanted)
    else:
        assert value == wire.decode(wanted.get("value"))
    sent = [request_of(wire.decode(each), timeout=0) for each in wanted["requests"]]
    assert [shown(each) for each in service.requests] == [shown(each) for each in sent]


def _run(sandbox: JavaScriptSandbox, case: Mapping[str, Any], service: Service) -> Any:
    return sandbox.invoke(
        NAMES.index(case["pack"]) + 1,
        "1.0.0",
        case["spec"],
        [wire.decode(each) for each in case.get("params", ())],
        fetcher=service,
        call="Test::Case",
        around=Surroundings(
            timezone="America/Los_Angeles",
            token="token",
            sync=case.get("sync"),
            endpoint=case.get("context", {}).get("endpoint", ""),
        ),
        updates=case.get("updates"),
    )


def _normal(sandbox: JavaScriptSandbox, case: Mapping[str, Any], value: Any) -> Any:
    """Gives rows and results the names of their schema, which the SDK's harness does by itself."""
    coda = sandbox.declared(NAMES.index(case["pack"]) + 1, "1.0.0")
    match case["spec"]:
        case RunFormula(name):
            schema = next(each.get("schema") for each in coda["formulas"] if each["name"] == name)
            return to_names(value, schema)
        case SyncPage(name):
            declared = next(each["getter"].get("schema") for each in coda["syncTables"] if each["name"] == name)
            schema = case.get("sync", {}).get("schema") or declared
            return {**value, "result": to_names(value["result"], schema)}
        case _:
            return value


def _check_error(case: Mapping[str, Any], error: PacksysError, wanted: Mapping[str, Any]) -> None:
    assert "error" in wanted, f"only packsys fails: {error}"
    name, message = wanted["error"]["name"], wanted["error"]["message"]
    match name:
        case _ if wanted["error"].get("isUserVisible"):
            assert (type(error), error.message) == (UserVisible, message)
        case "MissingScopesError":
            assert type(error) is PermissionRefused
        case "StatusCodeError":
            answer = _response(case["responses"][-1])
            status = StatusCodeError(Answer(status=answer.status, headers=answer.headers, body=answer.body))
            assert type(error) is type(fault("Test::Case", status))
            assert wanted["error"]["statusCode"] == answer.status
        case _:
            assert error.message == f"Test::Case raised {name}: {message}"


def shown(request: Request) -> tuple[str, str, dict[str, str], bytes | None]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return request.method, request.url, headers, request.body


def _manifest(sandbox: JavaScriptSandbox, pack: str) -> dict[str, Any]:
    return sandbox.describe(NAMES.index(pack) + 1, "1.0.0", name="Test")


@pytest.mark.parametrize("pack", NAMES)
def test_a_manifest_is_plain_and_the_house_can_read_it(sandbox: JavaScriptSandbox, pack: str) -> None:
    manifest = _manifest(sandbox, pack)
    assert validate(manifest) == json.loads(json.dumps(manifest))
    formulas = release(manifest).formulas
    assert [*formulas] == [each["name"] for each in manifest["formulas"]]
    assert all(each.attempts == 1 for each in formulas.values() if each.signature.action)


def test_parameters_are_read_with_their_types(sandbox: JavaScriptSandbox) -> None:
    described = release(_manifest(sandbox, "parameters")).formulas["Describe"].signature.parameters
    kinds = [(each.shape.kind, each.shape.item and each.shape.item.kind, each.sparse) for each in described]
    assert kinds == [
        (Kind.TEXT, None, False),
        (Kind.NUMBER, None, False),
        (Kind.BOOLEAN, None, False),
        (Kind.DATETIME, None, False),
        (Kind.LIST, Kind.TEXT, False),
        (Kind.LIST, Kind.NUMBER, True),
    ]
    joined = release(_manifest(sandbox, "variadic")).formulas["Join"].signature.parameters
    assert [(each.name, each.required, each.variadic) for each in joined] == [
        ("title", True, False),
        ("mark", False, False),
        ("label", False, True),
        ("amount", False, True),
    ]


def test_authentication_and_need_of_an_account_are_read(sandbox: JavaScriptSandbox) -> None:
    oauth, bearer = _manifest(sandbox, "authentication"), _manifest(sandbox, "bearer")
    assert oauth["authentication"] == {
        "kind": "OAuth2",
        "authorization_url": "https://example.com/authorize",
        "token_url": "https://example.com/token",
        "scopes": ["read", "write"],
        "pkce": "S256",
    }
    assert bearer["authentication"]["kind"] == "HeaderBearerToken"
    assert [each["connection"] for each in (*oauth["formulas"], *bearer["formulas"])] == ["required", "required"]
    assert oauth["domains"] == ["example.com"]


def test_tables_and_formats_are_read(sandbox: JavaScriptSandbox) -> None:
    (notes,) = _manifest(sandbox, "update")["sync_tables"]
    assert (notes["name"], notes["identity"], notes["max_update_batch_size"]) == ("Notes", "Note", 10)
    assert [*notes["schema"]["properties"]] == ["NoteId", "Title"]
    (answers,) = _manifest(sandbox, "dynamic")["sync_tables"]
    assert answers["dynamic"] == ["schema", "tables", "name", "page"]
    (progress,) = _manifest(sandbox, "format")["column_formats"]
    assert (progress["formula"], progress["matchers"]) == ("Progress", ["(?i)^0\\.\\d+$"])


def test_a_result_comes_fitted_to_its_schema(sandbox: JavaScriptSandbox) -> None:
    types = result_types(_manifest(sandbox, "objects"))
    fitted = adapt(PROJECT, types["Project"])
    assert isinstance(fitted, dict)
    assert (fitted["FullName"], fitted["StarCount"], fitted["Owner"]["Login"]) == ("ada/engine", 12, "ada")


def test_the_example_in_typescript_runs() -> None:
    built = BUNDLES.with_name("packsys-example")
    source = BUNDLES.with_name("packsys-example-source")  # where the compiler finds the SDK
    source.mkdir(exist_ok=True)
    shutil.copy2(EXAMPLE / "pack.ts", source)
    node("build.js", source, built)
    sandbox = JavaScriptSandbox(lambda *_: {"bundle.js": (built / "pack" / "bundle.js").read_bytes()})
    row = {"userId": 1, "id": 1, "title": "Wash", "completed": False}
    service = Service([{"body": row}, {"body": [row] * 50}, {"body": [row]}])
    try:
        assert sandbox.invoke(1, "1.0.0", RunFormula("Todo"), [1], fetcher=service) == row
        first = sandbox.invoke(1, "1.0.0", SyncPage("Todos"), fetcher=service)
        assert (len(first["result"]), first["continuation"]) == (50, {"page": 2})
        around = Surroundings(sync={"continuation": first["continuation"]})
        last = sandbox.invoke(1, "1.0.0", SyncPage("Todos"), fetcher=service, around=around)
        assert "continuation" not in last
    finally:
        sandbox.close()
    assert [each.url.partition("/todos")[2] for each in service.requests] == [
        "/1",
        "?_page=1&_limit=50",
        "?_page=2&_limit=50",
    ]


def test_every_pack_is_used() -> None:
    assert sorted({case["pack"] for case in CASES.values()}) == NAMES
