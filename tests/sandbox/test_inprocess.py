"""Pack code runs in this process, and whatever it does becomes a value or an error of the house."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any

import pytest

from packsys.errors import (
    ApiError,
    AuthenticationRefused,
    BrokenPack,
    CallTimeout,
    ForbiddenRequest,
    PackRaised,
    PacksysError,
    PermissionRefused,
    RateLimited,
    ResultMismatch,
    UpstreamError,
    UserVisible,
)
from packsys.ports import Request, Response
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sandbox.loading import load_pack
from packsys.sdk import Context, FetchError, ObjectSchema, Pack, Text
from tests.packs import probe
from tests.sandbox.calls import Script, a_call

pack = Pack(id=9104, name="Trial", version="1.0.0", description="For a test.", domains=["api.example.com"])
Seen = ObjectSchema("Seen", properties=dict.fromkeys(("timezone", "endpoint", "key", "formula", "bound"), Text))
bound: ContextVar[str] = ContextVar("bound", default="")
held, told = threading.Event(), threading.Event()
late: list[str] = []


@pack.formula(result=Seen)
def see(context: Context) -> dict[str, Any]:
    """Shows its context."""
    return {
        "timezone": context.timezone,
        "endpoint": context.endpoint,
        "key": context.idempotency_key,
        "formula": f"{context.invocation.pack} {context.invocation.version} {context.invocation.formula}",
        "bound": bound.get(),
    }


@pack.formula()
def ask(context: Context, method: Annotated[str, "How."] = "GET") -> str:
    """Asks the service."""
    return context.fetch("/things", method=method, query={"page": 2}, headers={"Accept": "text/plain"}).text


@pack.formula()
def ask_kindly(context: Context) -> str:
    """Asks the service, and has an answer of its own when there is none."""
    try:
        return context.fetch("/things").text
    except FetchError as error:
        return f"instead: {error}"


@pack.formula()
def leave(context: Context, how: Annotated[str, "In which way."]) -> str:
    """Tries to end the process, or the thread."""
    match how:
        case "exit":
            sys.exit(3)
        case "interrupt":
            raise KeyboardInterrupt
        case "recursion":
            return leave(context, how)
        case _:
            raise _Unprintable


@pack.formula()
def hold(context: Context) -> str:
    """Waits for the test, and then asks the service."""
    held.wait(10)
    try:
        return context.fetch("/late").text
    except FetchError as error:
        late.append(str(error))
        told.set()
        return ""


@pack.formula()
def misdeclared(context: Context) -> list[float]:
    """Gives something else than it says."""
    return ["one"]  # type: ignore[list-item]


class _Unprintable(Exception):
    def __str__(self) -> str:
        raise RuntimeError


@pytest.fixture
def packs() -> InProcessPacks:
    return InProcessPacks([pack, probe.pack], now=lambda: 1_000_000.0)


def raised(packs: InProcessPacks, *names: str, **options: Any) -> PacksysError:
    with pytest.raises(PacksysError) as caught:
        packs.run(a_call(packs, *names, **options))
    return caught.value


def test_packs_are_found_by_number_and_by_name_in_any_case(packs: InProcessPacks) -> None:
    assert packs.by_id(9104) == packs.by_name("TRIAL") == packs.by_name("trial")
    assert (packs.by_id(1), packs.by_name("Nothing"), packs.names()) == (None, None, ["Trial", "Probe"])


def test_two_packs_with_one_number_or_one_name_are_refused() -> None:
    same_name = Pack(id=9105, name="TRIAL", version="1.0.0", description="For a test.")
    with pytest.raises(BrokenPack, match="have one number"):
        InProcessPacks([pack, pack])
    with pytest.raises(BrokenPack, match="Two packs are called"):
        InProcessPacks([pack, same_name])


def test_the_code_sees_its_context_and_what_is_bound_to_the_log(packs: InProcessPacks) -> None:
    token = bound.set("job 7")
    try:
        seen = packs.run(a_call(packs, "Trial", "See", timezone="Asia/Shanghai"))
    finally:
        bound.reset(token)
    assert seen == {
        "Timezone": "Asia/Shanghai",
        "Endpoint": "https://own.example/api",
        "Key": "job:step",
        "Formula": "Trial 1.0.0 See",
        "Bound": "job 7",
    }


def test_requests_go_through_the_fetcher_of_the_call(packs: InProcessPacks) -> None:
    script = Script(Response(status=200, headers={}, body=b"hello"))
    assert packs.run(a_call(packs, "Trial", "Ask", fetcher=script, timeout=7.0)) == "hello"
    assert script.requests == [
        Request(url="/things", query={"page": "2"}, headers={"Accept": "text/plain"}, timeout=7.0)
    ]


@pytest.mark.parametrize("error", [UpstreamError("Nothing answers.", retry_after=3.0), ForbiddenRequest("Not there.")])
def test_an_error_of_the_fetcher_passes_through_the_pack_unchanged(packs: InProcessPacks, error: PacksysError) -> None:
    assert raised(packs, "Trial", "Ask", fetcher=Script(error)) is error


def test_a_pack_may_have_another_way(packs: InProcessPacks) -> None:
    call = a_call(packs, "Trial", "AskKindly", fetcher=Script(UpstreamError("Nothing answers.")))
    assert packs.run(call) == "instead: Nothing answers."


@pytest.mark.parametrize(
    ("status", "headers", "kind", "retry_after"),
    [
        (400, {}, ApiError, None),
        (401, {}, AuthenticationRefused, None),
        (403, {}, PermissionRefused, None),
        (403, {"retry-after": "60"}, RateLimited, 60.0),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}, RateLimited, 30.0),
        (403, {"x-ratelimit-remaining": "12", "x-ratelimit-reset": "30"}, PermissionRefused, None),
        (404, {}, ApiError, None),
        (429, {}, RateLimited, None),
        (429, {"retry-after": "Mon, 12 Jan 1970 13:47:10 GMT"}, RateLimited, 30.0),
        (429, {"retry-after": "Mon, 12 Jan 1970 13:00:00 GMT"}, RateLimited, 0.0),
        (429, {"retry-after": "soon"}, RateLimited, None),
        (429, {"retry-after": "9" * 400}, RateLimited, None),
        (429, {"retry-after": "Mon, 12 Jan 9999 13:00:00 GMT"}, RateLimited, 3600.0),
        (500, {}, UpstreamError, None),
        (503, {"retry-after": "5"}, UpstreamError, 5.0),
    ],
)
def test_a_status_says_who_must_act(
    packs: InProcessPacks, status: int, headers: dict[str, str], kind: type[PacksysError], retry_after: float | None
) -> None:
    script = Script(Response(status=status, headers=headers, body=b'{"message": "Because."}'))
    error = raised(packs, "Trial", "Ask", fetcher=script)
    assert (type(error), error.retry_after) == (kind, retry_after)
    assert error.message.startswith(f"Trial answered {status} (")
    assert error.message.endswith("to GET /things: Because.")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "."),
        (b"<html>", "."),
        (b"[1]", "."),
        (b'{"error": {"message": "Deep  down"}}', ": Deep down."),
        (b'{"error": 5, "detail": "Not so."}', ": Not so."),
        (b'{"message": ""}', "."),
    ],
)
def test_what_a_service_explains_is_passed_on(packs: InProcessPacks, body: bytes, said: str) -> None:
    error = raised(packs, "Trial", "Ask", fetcher=Script(Response(status=422, headers={}, body=body)))
    assert error.message.startswith("Trial answered 422 (Unprocessable")
    assert error.message.endswith(f"to GET /things{said}")


def test_an_exception_is_named_and_cut_short(packs: InProcessPacks) -> None:
    assert raised(packs, "Probe", "Raise", message="no").message == "Probe::Raise raised RuntimeError: no"
    assert len(raised(packs, "Probe", "Raise", message="x" * 10_000).message) == 500


@pytest.mark.parametrize("formula", ["Raise", "Refuse"])
def test_what_no_store_can_hold_is_taken_out_of_messages(packs: InProcessPacks, formula: str) -> None:
    assert raised(packs, "Probe", formula, message="a\0b\ud800").message.endswith("a\ufffdb?")


def test_an_error_of_the_host_that_quotes_the_pack_is_cleaned_and_cut_short(packs: InProcessPacks) -> None:
    error = raised(packs, "Trial", "Ask", fetcher=Script(ForbiddenRequest("a\0" * 1_000)))
    assert (len(error.message), "\0" in error.message) == (500, False)


def test_keys_of_data_do_not_spoil_a_message(packs: InProcessPacks) -> None:
    error = raised(packs, "Probe", "Echo", value={"a\0": {"b": object()}})
    assert error.message.endswith("result.a\ufffd.b must be any value, but is a Python object.")


def test_a_message_for_the_user_stays_as_it_is(packs: InProcessPacks) -> None:
    error = raised(packs, "Probe", "Refuse", message="Pick another day.")
    assert (type(error), error.message) == (UserVisible, "Pick another day.")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("exit", "SystemExit: 3"),
        ("interrupt", "KeyboardInterrupt."),
        ("recursion", "RecursionError: maximum recursion depth exceeded"),
        ("unprintable", "_Unprintable: (an error that cannot be shown)"),
    ],
)
def test_a_pack_cannot_end_the_process(packs: InProcessPacks, how: str, said: str) -> None:
    error = raised(packs, "Trial", "Leave", how=how)
    assert isinstance(error, PackRaised)
    assert error.message.startswith(f"Trial::Leave raised {said}")


def test_a_call_that_takes_too_long_is_left_behind_and_sends_nothing_more(packs: InProcessPacks) -> None:
    script = Script(Response(status=200, headers={}, body=b""))
    error = raised(packs, "Trial", "Hold", fetcher=script, timeout=0.05)
    assert (type(error), error.message) == (CallTimeout, "Trial::Hold took longer than its 0.05 seconds.")
    held.set()
    assert told.wait(10)
    assert (script.requests, late) == ([], ["The call is over: it cannot send requests any more."])


def test_a_result_that_does_not_fit_is_the_makers_error(packs: InProcessPacks) -> None:
    assert isinstance(raised(packs, "Trial", "Misdeclared"), ResultMismatch)


def test_a_pack_that_is_not_loaded_is_named(packs: InProcessPacks) -> None:
    call = a_call(packs, "Probe", "Wide", n=1)
    with pytest.raises(BrokenPack, match="Probe::Wide is not among the packs of this worker"):
        InProcessPacks([pack]).run(call)


@pytest.fixture
def probed(tmp_path: Path) -> Iterator[Path]:
    before = dict(os.environ)
    os.environ |= {"PROBE_LOG": str(tmp_path / "log"), "PROBE_DIR": str(tmp_path)}
    yield tmp_path
    os.environ.clear()
    os.environ |= before


def test_the_probe_does_as_it_is_told(packs: InProcessPacks, probed: Path) -> None:
    assert packs.run(a_call(packs, "Probe", "Echo", value=[1, {"a": None}])) == [1, {"a": None}]
    assert packs.run(a_call(packs, "Probe", "Add", a=1, b=2.5)) == 3.5
    assert packs.run(a_call(packs, "Probe", "Sleep", seconds=0, value="up")) == "up"
    assert packs.run(a_call(packs, "Probe", "Wide", n=3)) == [1, 2, 3]
    acted = packs.run(a_call(packs, "Probe", "Act", label="one"))
    assert acted == {"Label": "one", "IdempotencyKey": "job:step"}
    assert (probed / "log").read_text() == "one\n"
    assert raised(packs, "Probe", "Attempts", key="k", fail_first=1).retryable
    assert packs.run(a_call(packs, "Probe", "Attempts", key="k", fail_first=1)) == 2
    assert isinstance(raised(packs, "Probe", "Fail", status=404), ApiError)


def test_the_packs_that_ship_can_be_loaded_together() -> None:
    shipped = InProcessPacks([load_pack("packs.github"), load_pack("examples/hello")])
    assert shipped.names() == ["GitHub", "Hello"]
