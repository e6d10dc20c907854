"""The runner as the house uses it: signatures, results that fit, packs of one JSON file, and isolation."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

from packsys.errors import ApiError, BrokenPack, PackRaised, ResultMismatch, UserVisible
from packsys.language.invocation import Invocation
from packsys.ports import Call, Fetcher, World
from packsys.sandbox.javascript.runner import JavaScriptSandbox
from packsys.values import Value
from tests.sandbox.javascript.packs import Answers, Bench, a_bench, answer_of

EXAMPLES = Path(__file__).parents[3] / "examples"
TYPED = """
const text = {type: 'string'};
const formulas = [
  {name: 'Day', parameters: [{name: 'day', type: 4}], schema: {type: 'string', codaType: 'date'},
   execute: async ([day]) => day.toISOString().slice(0, 10)},
  {name: 'Moment', parameters: [], schema: {type: 'number', codaType: 'datetime'}, execute: async () => 86400},
  {name: 'Span', parameters: [], schema: {type: 'number', codaType: 'duration'}, execute: async () => 1.5},
  {name: 'Sum', parameters: [{name: 'first', type: 1}],
   varargParameters: [{name: 'label', type: 0}, {name: 'n', type: 1}],
   schema: text, execute: async params => params.join()},
  {name: 'Row', parameters: [], execute: async () => ({full_name: 'a', extra: 1, inner: [{is_on: true}]}),
   schema: {type: 'object', identity: {name: 'Row'}, properties: {
     FullName: {type: 'string', fromKey: 'full_name'},
     Inner: {type: 'array', fromKey: 'inner', items: {type: 'object', properties: {
       IsOn: {type: 'boolean', fromKey: 'is_on'}}}}}}},
  {name: 'Wrong', parameters: [], schema: {type: 'number'}, execute: async () => 'many'},
  {name: 'Nothing', parameters: [], schema: {type: 'number'}, execute: async () => undefined},
  {name: 'NaN', parameters: [], schema: {type: 'number'}, execute: async () => NaN},
  {name: 'Bytes', parameters: [], schema: text, execute: async () => new Uint8Array(3)},
];
module.exports = {pack: {formulas}};
"""


def run(sandbox: JavaScriptSandbox, pack: int, formula: str, *, fetcher: Fetcher | None = None, **given: Any) -> Value:
    release = sandbox.release(pack, "1.0.0", name="Test")
    invocation = Invocation(
        key="0" * 32,
        pack_id=pack,
        pack="Test",
        version="1.0.0",
        formula=formula,
        account=None,
        arguments=given,
    )
    call = Call(
        formula=release.formulas[formula],
        invocation=invocation,
        world=World(
            fetcher=fetcher or Answers(),
            timeout=20.0,
            timezone="Asia/Shanghai",
            idempotency_key="job:step",
        ),
    )
    return sandbox.run(call)


@pytest.fixture(scope="module")
def typed(bench: Bench) -> int:
    return bench.shelf.add({"bundle.js": TYPED.encode()})


@pytest.mark.parametrize(
    ("formula", "given", "value"),
    [
        ("Day", {"day": datetime(2024, 2, 29, 12, tzinfo=UTC)}, date(2024, 2, 29)),
        ("Day", {"day": date(2024, 2, 29)}, date(2024, 2, 28)),  # its first moment in Shanghai, seen from UTC
        ("Moment", {}, datetime(1970, 1, 2, tzinfo=UTC)),
        ("Span", {}, timedelta(days=1.5)),
        ("Sum", {"first": 1, "label": ["a", "b"], "n": [2, 3]}, "1,a,2,b,3"),
        ("Sum", {"first": 1}, "1"),
        ("Row", {}, {"FullName": "a", "Inner": [{"IsOn": True}]}),
        ("Nothing", {}, None),
    ],
)
def test_arguments_and_results_are_those_of_the_signature(
    bench: Bench, typed: int, formula: str, given: Mapping[str, Any], value: Value
) -> None:
    assert run(bench.sandbox, typed, formula, **given) == value


@pytest.mark.parametrize("formula", ["Wrong", "NaN", "Bytes"])
def test_a_result_that_does_not_fit_is_refused(bench: Bench, typed: int, formula: str) -> None:
    with pytest.raises(ResultMismatch):
        run(bench.sandbox, typed, formula)


@pytest.fixture(scope="module")
def rates(bench: Bench) -> int:
    return bench.shelf.add({"pack.json": (EXAMPLES / "javascript" / "pack.json").read_bytes()})


def test_a_pack_of_one_json_file_runs(bench: Bench, rates: int) -> None:
    answers = Answers(answer_of({"date": "2026-01-02", "rates": {"USD": 1.25}}))
    given = {"amount": 4, "from": "EUR", "to": "USD"}
    value = run(bench.sandbox, rates, "Convert", fetcher=answers, **given)
    assert value == {"Amount": 5, "Currency": "USD", "Day": date(2026, 1, 2)}
    assert [(each.method, each.url) for each in answers.requests] == [("GET", "/latest?base=EUR&symbols=USD")]
    assert run(bench.sandbox, rates, "Round", amount=3.456) == "€3.46"
    assert run(bench.sandbox, rates, "Round", amount=3.456, currency="JPY") == "¥3"


def test_a_pack_of_one_json_file_speaks_to_its_user_and_of_its_service(bench: Bench, rates: int) -> None:
    given = {"amount": 4, "from": "EUR", "to": "XXX"}
    with pytest.raises(UserVisible, match="There is no rate for XXX"):
        run(bench.sandbox, rates, "Convert", fetcher=Answers(answer_of({"rates": {}})), **given)
    with pytest.raises(ApiError):
        run(bench.sandbox, rates, "Convert", fetcher=Answers(answer_of({}, status=422)), **given)


def test_the_manifest_of_a_json_pack_says_where_it_goes(bench: Bench, rates: int) -> None:
    manifest = bench.sandbox.describe(rates, "1.0.0", name="Rates")
    assert (manifest["domains"], manifest["base_url"]) == (["api.frankfurter.dev"], "https://api.frankfurter.dev/v1")
    assert [each["name"] for each in manifest["formulas"]] == ["Convert", "Round"]
    assert json.loads(json.dumps(manifest)) == manifest


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "neither a bundle.js nor a pack.json"),
        ({"pack.json": b"{"}, "cannot be read"),
        ({"pack.json": b"[]"}, "has no functions"),
        ({"pack.json": b'{"functions": [5]}'}, "has no name"),
        ({"pack.json": b'{"functions": [{"name": "A"}]}'}, "has no implementation"),
        ({"pack.json": b'{"functions": [{"name": "A", "implementation": "return ("}]}'}, "SyntaxError"),
        ({"bundle.js": b"module.exports = {}"}, "exports no pack"),
        ({"bundle.js": b"module.exports = {pack: 5}"}, "exports no pack"),
    ],
)
def test_a_pack_that_is_none_is_refused_with_the_reason(bench: Bench, files: Mapping[str, bytes], said: str) -> None:
    with pytest.raises(BrokenPack, match=said):
        bench.sandbox.describe(bench.shelf.add(files), "1.0.0", name="Broken")


COUNTING = "return (globalThis.count = (globalThis.count ?? 0) + 1)"


def test_each_call_has_a_world_of_its_own(bench: Bench) -> None:
    pack = bench.add(COUNTING)
    assert [bench.again(pack) for _ in range(3)] == [1, 1, 1]


def test_a_warm_pack_keeps_its_world_until_it_fails() -> None:
    with a_bench(warm=[1]) as bench:
        pack = bench.add(f"if (params[0]) while (true) {{}}; {COUNTING}")
        assert [bench.again(pack) for _ in range(3)] == [1, 2, 3]
        with pytest.raises(Exception, match="longer than"):
            bench.again(pack, True, timeout=0.3)
        assert bench.again(pack) == 1


def test_calls_run_side_by_side(bench: Bench) -> None:
    pack = bench.add("return params[0] * 2")
    with ThreadPoolExecutor(4) as threads:
        assert [*threads.map(lambda n: bench.again(pack, n), range(12))] == [n * 2 for n in range(12)]


def test_requests_of_one_call_are_answered_each_with_its_own(bench: Bench) -> None:
    body = (
        "const ask = n => context.fetcher.fetch({url: `/${n}`}).then(r => [n, r.body.n]);"
        "return Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(ask))"
    )
    answers = Answers(answer_of({"n": 9}))
    assert bench.go(body, fetcher=answers) == [[n, 9] for n in range(1, 9)]
    assert sorted(each.url for each in answers.requests) == [f"/{n}" for n in range(1, 9)]


def test_a_forked_worker_has_a_nest_of_its_own(bench: Bench) -> None:
    pack = bench.add("return 'on'")
    assert bench.again(pack) == "on"
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if bench.again(pack) == "on" else 1)
        finally:
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert bench.again(pack) == "on"


def test_a_nest_that_was_killed_is_replaced(bench: Bench) -> None:
    pack = bench.add("return 'on'")
    bench.again(pack)
    nests = [each for each in psutil.Process().children() if {"-I", "-B", "-c"} <= {*each.cmdline()}]
    assert nests
    family = [process for nest in nests for process in (nest, *nest.children(recursive=True))]
    for each in family:
        with suppress(psutil.NoSuchProcess):  # it went with the one before
            each.kill()
    psutil.wait_procs(family, timeout=10)
    assert bench.again(pack) == "on"


def test_the_surroundings_are_those_of_the_call(bench: Bench, typed: int) -> None:
    pack = bench.add("return [context.timezone, context.invocationToken, typeof context.endpoint, typeof context.sync]")
    assert bench.again(pack) == ["UTC", "", "undefined", "undefined"]
    with pytest.raises(PackRaised):
        bench.go("return context.sync.continuation")
