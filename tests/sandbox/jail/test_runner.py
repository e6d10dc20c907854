"""A pack behind the walls gives what it gives in process: values, errors, requests; fresh or warm, in any thread."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from packsys.catalog.manifest import describe
from packsys.errors import (
    ApiError,
    AuthenticationRefused,
    BrokenPack,
    CallTimeout,
    ForbiddenRequest,
    PackRaised,
    PacksysError,
    RateLimited,
    ResultMismatch,
    SandboxError,
    UpstreamError,
    UserVisible,
)
from packsys.ports import Request, Response
from packsys.sandbox.limits import Limits
from packsys.sandbox.loading import load_pack
from packsys.sandbox.python import PythonSandbox, describe_source
from tests.sandbox.calls import Script
from tests.sandbox.jail.attempts import a_call

FILES = {
    "names.py": b"NAME = 'Trial'\n",
    "deep/__init__.py": b"",
    "deep/er.py": b"from ..names import NAME\nLOUD = NAME.upper()\n",
    "pack.py": b'''
import datetime as dt, zoneinfo
from typing import Annotated
from packsys.sdk import Context, Date, DateTime, Duration, FetchError, Number, ObjectSchema, Pack, Property, Text
from packsys.sdk import UserVisibleError
from . import names
from .deep.er import LOUD

pack = Pack(id=9200, name=names.NAME, version="1.0.0", description="For a test.", domains=["api.example.com"])
Row = ObjectSchema("Row", properties={"id": Property(Number, required=True), "day": Date, "at": DateTime,
                                       "took": Duration})
seen = []

@pack.formula(result=ObjectSchema("Seen", properties={k: Text for k in ("zone", "end", "key", "name", "loud")}))
def see(context: Context) -> dict:
    """Shows its context."""
    invocation = context.invocation
    return {"zone": context.timezone, "end": context.endpoint, "key": context.idempotency_key, "loud": LOUD,
            "name": f"{invocation.pack} {invocation.version} {invocation.formula}"}

@pack.formula()
def echo(context: Context, value: Annotated[object, "Anything."]) -> object:
    """Gives it back."""
    return value

@pack.formula(result=Row.list())
def rows(context: Context) -> list:
    """Gives rows."""
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    return [{"id": 1, "day": dt.date(2026, 1, 2), "at": dt.datetime(2026, 7, 1, 12, tzinfo=berlin),
             "took": dt.timedelta(hours=1), "more": {1, 2}},
            {"id": "2", "day": "2026-01-03", "at": "2026-01-03T04:05:06"}]

@pack.formula()
def count(context: Context) -> float:
    """Counts the calls that this process has seen."""
    seen.append(1)
    return len(seen)

@pack.formula()
def ask(context: Context, method: Annotated[str, "How."] = "GET", body: Annotated[str, "What."] = "") -> str:
    """Asks the service."""
    answer = context.fetch("/things", method=method, query={"page": 2}, headers={"Accept": "text/plain"},
                           body=body.encode() or None)
    return answer.text + answer.headers.get("x-more", "")

@pack.formula()
def ask_kindly(context: Context) -> str:
    """Has an answer of its own."""
    try:
        return context.fetch("/things").text
    except FetchError as error:
        return f"instead: {error}"

@pack.formula()
def fail(context: Context, code: Annotated[str, "What to raise."]) -> str:
    """Raises."""
    exec(code, {"UserVisibleError": UserVisibleError, "context": context})
    return ""

@pack.formula()
def misfit(context: Context) -> list[float]:
    """Gives something else."""
    return ["one"]

@pack.formula()
def strange(context: Context) -> object:
    """Gives what nobody knows."""
    return {"a": object()}

@pack.formula()
def idle(context: Context) -> str:
    """Is never quiet again."""
    import os
    os.write(3, b"\\0\\0\\0\\2{}" * 3)
    return "done"

@pack.formula()
def random(context: Context) -> float:
    """Rolls."""
    import random
    return random.random()
''',
}


@pytest.fixture(scope="module")
def fresh(machine: object) -> Iterator[PythonSandbox]:
    with PythonSandbox(lambda pack_id, version: FILES, now=lambda: 1_000_000.0) as runner:
        yield runner


@pytest.fixture
def warm(machine: object) -> Iterator[PythonSandbox]:
    with PythonSandbox(
        lambda pack_id, version: FILES, warm=lambda pack_id, version: True, limits=Limits(idle=2, calls=5)
    ) as runner:
        yield runner


EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*/pack.py"))


def run(runner: PythonSandbox, formula: str, **options: Any) -> Any:
    return runner.run(a_call(formula, pack="Trial", **options))


def raised(runner: PythonSandbox, formula: str, **options: Any) -> PacksysError:
    with pytest.raises(PacksysError) as caught:
        run(runner, formula, **options)
    return caught.value


def test_the_code_sees_its_context_and_the_modules_beside_it(fresh: PythonSandbox) -> None:
    assert run(fresh, "See", timezone="Asia/Shanghai") == {
        "Zone": "Asia/Shanghai",
        "End": "https://own.example/api",
        "Key": "job:step",
        "Name": "Trial 1.0.0 See",
        "Loud": "TRIAL",
    }


@pytest.mark.parametrize(
    "value",
    [
        True, 0, -1, 2**70, 1.5, "", "häß 漢 🜛", "\ud800", [], [None], [1, [2, [3]]], {}, {"a": {"b": None}},
        {"$": "date"},
        date(2026, 1, 2), datetime(2026, 1, 2, 3, 4, 5, 6), datetime(2026, 1, 2, tzinfo=UTC),
        datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=-3, minutes=-30))), timedelta(days=-1, microseconds=3),
        [date(2026, 1, 2)] * 3, (1, 2),
    ],
    ids=repr,
)  # fmt: skip
def test_a_value_goes_in_and_comes_out_as_it_was(fresh: PythonSandbox, value: Any) -> None:
    given = run(fresh, "Echo", value=value)
    assert given == (list(value) if isinstance(value, tuple) else value)
    assert type(given) is (list if isinstance(value, tuple) else type(value))


def test_a_result_is_fitted_to_its_declaration(fresh: PythonSandbox) -> None:
    assert run(fresh, "Rows", timezone="Europe/Berlin") == [
        {"Id": 1, "Day": date(2026, 1, 2), "At": datetime(2026, 7, 1, 10, tzinfo=UTC), "Took": timedelta(hours=1)},
        {"Id": 2, "Day": date(2026, 1, 3), "At": datetime(2026, 1, 3, 3, 5, 6, tzinfo=UTC), "Took": None},
    ]
    assert ZoneInfo("Europe/Berlin").utcoffset(datetime(2026, 7, 1)) == timedelta(hours=2)


@pytest.mark.parametrize(("formula", "found"), [("Misfit", "the text 'one'"), ("Strange", "a Python Foreign")])
def test_a_result_that_does_not_fit_is_the_makers_error(fresh: PythonSandbox, formula: str, found: str) -> None:
    error = raised(fresh, formula)
    assert isinstance(error, ResultMismatch)
    assert found in error.message


def test_requests_go_through_the_fetcher_of_the_call(fresh: PythonSandbox) -> None:
    script = Script(Response(status=200, headers={"x-more": "!"}, body="héllo".encode()))
    assert run(fresh, "Ask", fetcher=script, method="put", body="\0\1") == "héllo!"
    (request,) = script.requests
    assert 0 < request.timeout <= 20
    assert request == Request(
        method="PUT", url="/things", query={"page": "2"}, headers={"Accept": "text/plain"}, body=b"\0\1",
        timeout=request.timeout,
    )  # fmt: skip


@pytest.mark.parametrize("error", [UpstreamError("Nothing answers.", retry_after=3.0), ForbiddenRequest("Not there.")])
def test_an_error_of_the_fetcher_passes_through_the_pack_unchanged(fresh: PythonSandbox, error: PacksysError) -> None:
    assert raised(fresh, "Ask", fetcher=Script(error)) is error
    assert run(fresh, "AskKindly", fetcher=Script(error)) == f"instead: {error.message}"


@pytest.mark.parametrize(
    ("status", "headers", "kind", "retry_after"),
    [
        (400, {}, ApiError, None),
        (401, {}, AuthenticationRefused, None),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, RateLimited, 30.0),
        (503, {"retry-after": "5"}, UpstreamError, 5.0),
    ],
)
def test_a_status_says_who_must_act(
    fresh: PythonSandbox, status: int, headers: dict[str, str], kind: type[PacksysError], retry_after: float | None
) -> None:
    script = Script(Response(status=status, headers=headers, body=b'{"message": "Because."}'))
    error = raised(fresh, "Ask", fetcher=script)
    assert (type(error), error.retry_after) == (kind, retry_after)
    assert error.message.startswith(f"Trial answered {status} (")
    assert error.message.endswith("to GET /things: Because.")


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("1 / 0", PackRaised, "Trial::Fail raised ZeroDivisionError: division by zero"),
        ("raise UserVisibleError('Pick another day.')", UserVisible, "Pick another day."),
        ("class Mine(UserVisibleError): pass\nraise Mine('Again.')", UserVisible, "Again."),
        ("class Mine(Exception): pass\nraise Mine('no')", PackRaised, "Trial::Fail raised Mine: no"),
        ("raise SystemExit(3)", PackRaised, "Trial::Fail raised SystemExit: 3"),
        ("raise KeyboardInterrupt", PackRaised, "Trial::Fail raised KeyboardInterrupt."),
        ("f = lambda: f()\nf()", PackRaised, "Trial::Fail raised RecursionError: maximum recursion depth exceeded"),
        (
            "class Mine(Exception):\n    def __str__(self): raise RuntimeError\nraise Mine",
            PackRaised,
            "Trial::Fail raised Mine: (an error that cannot be shown)",
        ),
    ],
)
def test_an_exception_is_told_as_in_process(
    fresh: PythonSandbox, code: str, kind: type[PacksysError], message: str
) -> None:
    error = raised(fresh, "Fail", code=code)
    assert (type(error), error.message) == (kind, message)


def test_a_long_message_is_cut_short(fresh: PythonSandbox) -> None:
    assert len(raised(fresh, "Fail", code="raise ValueError('x' * 10_000)").message) == 500


def test_a_formula_that_is_not_there_is_named(fresh: PythonSandbox) -> None:
    error = raised(fresh, "Nothing")
    assert (type(error), error.message) == (BrokenPack, "Trial::Nothing is not in release 1.0.0 of its pack.")


def test_a_call_that_has_no_time_left_is_not_begun(fresh: PythonSandbox) -> None:
    error = raised(fresh, "Count", timeout=0.0)
    assert isinstance(error, SandboxError)
    assert error.limit == "time"
    assert not isinstance(error, CallTimeout)


def test_a_fresh_session_remembers_nothing_and_rolls_its_own_dice(fresh: PythonSandbox) -> None:
    assert [run(fresh, "Count") for _ in range(3)] == [1, 1, 1]
    assert len({run(fresh, "Random") for _ in range(3)}) == 3


def test_a_warm_session_is_used_again_until_its_calls_are_used_up(warm: PythonSandbox) -> None:
    assert [run(warm, "Count") for _ in range(7)] == [1, 2, 3, 4, 5, 1, 2]


def test_a_formula_says_itself_whether_its_sessions_stay_warm(machine: object) -> None:
    source = FILES["pack.py"].replace(b"@pack.formula()\ndef count", b'@pack.formula(isolation="warm")\ndef count')
    with PythonSandbox(lambda pack_id, version: FILES | {"pack.py": source}) as runner:
        assert [run(runner, "Count") for _ in range(3)] == [1, 2, 3]
        assert [run(runner, "Echo", value=1), run(runner, "Count")] == [1, 4]


def test_an_exception_leaves_a_session_warm_and_a_limit_ends_it(warm: PythonSandbox) -> None:
    assert [run(warm, "Count"), type(raised(warm, "Fail", code="1 / 0")), run(warm, "Count")] == [1, PackRaised, 2]
    assert raised(warm, "Fail", code="import os; os._exit(1)").code == "Sandbox"
    assert run(warm, "Count") == 1


def test_accounts_and_releases_share_no_session(warm: PythonSandbox) -> None:
    counts = [run(warm, "Count", account=each) for each in ("a", "b", None, "a")]
    assert counts == [1, 1, 1, 1]  # the fourth came after two others, and two is how many may wait
    assert [run(warm, "Count", account="a"), run(warm, "Count", account="a", version="2.0.0")] == [2, 1]


def test_a_session_that_speaks_unasked_is_not_used_again(warm: PythonSandbox) -> None:
    with pytest.raises(SandboxError, match="no pack sends"):
        run(warm, "Idle")
    assert run(warm, "Count") == 1


def test_calls_run_side_by_side_in_threads(fresh: PythonSandbox, warm: PythonSandbox) -> None:
    for runner in (fresh, warm):
        with ThreadPoolExecutor(8) as pool:
            values = list(pool.map(lambda n, runner=runner: run(runner, "Echo", value=n), range(64)))
        assert values == list(range(64))


def test_the_sandbox_outlives_the_thread_that_started_it(machine: object) -> None:
    with PythonSandbox(lambda pack_id, version: FILES) as runner:
        thread = threading.Thread(target=runner.start)
        thread.start()
        thread.join()
        assert run(runner, "Count") == 1


def test_the_manifest_is_what_the_pack_declares(fresh: PythonSandbox, tmp_path: Any) -> None:
    for name, source in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(source)
    wanted = json.loads(json.dumps(describe(load_pack(tmp_path))))
    assert fresh.describe_source(FILES) == wanted == describe_source(FILES)


@pytest.mark.parametrize("folder", [each.parent for each in EXAMPLES], ids=lambda folder: folder.name)
def test_the_examples_say_the_same_behind_the_walls(fresh: PythonSandbox, folder: Path) -> None:
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}
    assert fresh.describe_source(files) == json.loads(json.dumps(describe(load_pack(folder))))
