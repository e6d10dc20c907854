"""A pack that dies, hangs, floods or lies ends as an error that names the limit, and the sandbox goes on."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from packsys.errors import BrokenPack, PackError, PackRaised, RateLimited, SandboxError
from packsys.ports import Request, Response
from packsys.sandbox.confinement import Granted
from packsys.sandbox.limits import Limits
from packsys.sandbox.python import PythonSandbox
from tests.sandbox.jail.attempts import code_call, sandbox

SMALL = Limits(memory=64 * 2**20, output=2**20, values=50_000, fetches=3, log=2_000, seconds=30.0)
FRAMES = """
import json, os, struct
def say(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    rest = struct.pack('>I', len(data)) + data
    while rest:
        rest = rest[os.write(3, rest):]
"""
FETCH: dict[str, Any] = {"op": "fetch", "method": "GET", "url": "/", "headers": {}, "query": {}, "body": None}


class Hello:
    """Is a fetcher that always answers."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def fetch(self, request: Request) -> Response:
        self.requests.append(request)
        return Response(status=200, headers={}, body=b"hello")


@pytest.fixture(scope="module")
def small(machine: Granted) -> Iterator[PythonSandbox]:
    with sandbox(limits=SMALL) as runner:
        yield runner


@pytest.fixture(scope="module", params=["fresh", "warm"])
def either(request: pytest.FixtureRequest, machine: Granted) -> Iterator[PythonSandbox]:
    with sandbox(limits=SMALL, warm=request.param == "warm") as runner:
        yield runner


def stopped(runner: PythonSandbox, code: str, **options: Any) -> SandboxError:
    with pytest.raises(SandboxError) as caught:
        runner.run(code_call(code, fetcher=Hello(), **options))
    return caught.value


ENDS = [
    ("time", "while True: pass", 0.3),
    ("time", "import time; time.sleep(1000)", 0.3),
    ("time", "import os\nwhile True:\n    try:\n        while True: pass\n    except BaseException: pass", 0.3),
    ("time", "import signal\nfor n in range(1, 32):\n    try: signal.signal(n, signal.SIG_IGN)\n"
             "    except Exception: pass\nwhile True: pass", 0.3),
    ("time", "import re; re.match('(a+)+$', 'a' * 60 + 'b')", 0.5),
    ("time", "import os\nwhile True: os.read(3, 1)", 0.3),
    ("memory", "block = bytearray(10**9)", 20.0),
    ("memory", "block = 'x' * 10**9", 20.0),
    ("memory", "blocks = []\nwhile True: blocks.append(bytearray(2**20))", 20.0),
    ("memory", "blocks = []\nwhile True: blocks.append([])", 20.0),
    ("memory", "deep = []\nwhile True: deep = [deep, 'x' * 10**6 + str(len(deep))]", 20.0),
    ("memory", "import zlib; zlib.decompress(zlib.compress(bytes(10**7)) * 1, bufsize=10**9)", 20.0),
    ("memory", "through = 1 << 10 ** 10", 20.0),
    ("memory", "raise MemoryError", 20.0),
    ("crashed", "import os; os._exit(5)", 20.0),
    ("crashed", "import os; os.close(3)", 20.0),
    ("crashed", "import ctypes; ctypes.string_at(0)", 20.0),
    ("crashed", "import os; os.abort()", 20.0),
    ("crashed", "import sys\nsys.setrecursionlimit(10**9)\ndef deeper(f): return [*map(deeper, [f])]\ndeeper(1)", 20.0),
    ("system call", "import ctypes; ctypes.CDLL(None).syscall(321, 0, 0, 0)\nimport os; os.execv('/x', ['x'])", 20.0),
    ("output", "through = 'x' * 2_000_000", 20.0),
    ("output", "through = [0] * 60_000", 20.0),
    ("output", "through = [[]] * 60_000", 20.0),
    ("fetches", "while True: context.fetch('/')", 20.0),
    ("fetches", FRAMES + f"while True: say({FETCH!r})", 20.0),
    ("log", FRAMES + "while True: say({'op': 'log', 'level': 20, 'text': 'x' * 500})", 20.0),
    ("log", FRAMES + "while True: say({'op': 'log', 'level': 20, 'text': ''})", 20.0),
]  # fmt: skip


@pytest.mark.parametrize(("limit", "code", "seconds"), ENDS, ids=[f"{end[0]}-{n}" for n, end in enumerate(ENDS)])
def test_what_goes_too_far_is_stopped_by_name_and_the_next_call_is_answered(
    either: PythonSandbox, limit: str, code: str, seconds: float
) -> None:
    error = stopped(either, code, timeout=seconds)
    assert (error.limit, error.code, error.retryable) == (limit, "Sandbox", limit == "time")
    assert error.message.startswith("Attacker::Attempt was stopped: it")
    assert either.run(code_call("through = 'still here'")) == "still here"


LIES = [
    b"", b"null", b"[]", b"1", b'"done"', b"{}", b'{"op": 1}', b'{"op": "done"}', b'{"op": ["done"]}',
    b'{"op": "manifest"}', b"\xff\xfe\x00", b"\x80\x04K\x01.", b"{", b'{"op": "done", "value": }',
    b'{"op": "done", "value": ' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    b'{"op": "done", "value": ' + b"9" * 5_000 + b"}",
    b'{"op": "done", "value": {"\\u0000date": "tomorrow"}}',
    b'{"op": "done", "value": {"\\u0000date": 5}}',
    b'{"op": "done", "value": {"\\u0000datetime": [1]}}',
    b'{"op": "done", "value": {"\\u0000duration": [1e999, 0, 0]}}',
    b'{"op": "done", "value": {"\\u0000duration": [99999999999999, 0, 0]}}',
    b'{"op": "done", "value": {"\\u0000bytes": "%%%"}}',
    b'{"op": "log", "level": "high", "text": "x"}', b'{"op": "log", "level": 20, "text": null}',
    b'{"op": "fetch"}', b'{"op": "fetch", "method": 1, "url": "/", "headers": {}, "query": {}, "body": null}',
    b'{"op": "fetch", "method": "GET", "url": {"\\u0000date": "2026-01-01"}, "headers": {}, "query": {}, "body": null}',
    b'{"op": "fetch", "method": "GET", "url": "/", "headers": {"a": 1}, "query": {}, "body": null}',
    b'{"op": "fetch", "method": "GET", "url": "/", "headers": [], "query": {}, "body": null}',
    b'{"op": "fetch", "method": "GET", "url": "\\ud800", "headers": {}, "query": {}, "body": null}',
    b'{"op": "fetch", "method": "GET", "url": "/", "headers": {}, "query": {}, "body": "text"}',
    *(
        json.dumps({**FETCH, "op": op, "content": {"\0bytes": ""}, "content_type": "a/b", "name": "x", **more}).encode()
        for op, more in (
            ("fetch", {"cache_ttl": 10**400}), ("store", {"ttl": 10**400}), ("store_url", {"ttl": 10**400}),
            ("fetch", {"cache_ttl": True}), ("store", {"ttl": True}), ("store", {"ttl": 1, "name": "\ud800"}),
        )
    ),
    b'{"op": "raised"}', b'{"op": "raised", "kind": 1, "text": "x"}',
    b'{"op": "raised", "kind": "StatusCodeError", "status": 10000, "headers": {}, "body": {"\\u0000bytes": ""},'
    b' "method": "GET", "url": "/"}',
    b'{"op": "raised", "kind": "StatusCodeError", "status": 401, "headers": 5}',
]  # fmt: skip


@pytest.mark.parametrize("lie", LIES, ids=[f"{n}-{lie[:30]!r}" for n, lie in enumerate(LIES)])
def test_a_frame_that_makes_no_sense_ends_the_call_and_nothing_else(either: PythonSandbox, lie: bytes) -> None:
    assert stopped(either, f"{FRAMES}say({lie!r})").limit == "protocol"
    assert either.run(code_call("through = 'still here'")) == "still here"


def test_a_claimed_length_takes_no_memory_and_is_refused(small: PythonSandbox) -> None:
    assert stopped(small, "import os; os.write(3, b'\\xff\\xff\\xff\\xff')").limit == "output"


def test_half_a_frame_ends_with_the_time(small: PythonSandbox) -> None:
    assert stopped(small, "import os, time; os.write(3, b'\\0\\0\\1\\0x'); time.sleep(99)", timeout=0.3).limit == "time"


def test_an_endless_frame_one_byte_at_a_time_ends_with_the_time(small: PythonSandbox) -> None:
    slow = "import os\nos.write(3, b'\\0\\1\\0\\0')\nimport time\nwhile True:\n    os.write(3, b'x'); time.sleep(0.001)"
    assert stopped(small, slow, timeout=0.5).limit == "time"


def test_a_forged_outcome_is_the_packs_own_affair(small: PythonSandbox) -> None:
    forged = FRAMES + "say({'op': 'done', 'value': 42}); os._exit(0)"
    assert small.run(code_call(forged)) == 42


def test_what_is_forged_is_fitted_like_any_result(small: PythonSandbox) -> None:
    with pytest.raises(PackError, match="does not fit its declaration"):
        small.run(code_call(FRAMES + 'say(b\'{"op": "done", "value": NaN}\')'))


def test_a_forged_failure_of_the_host_is_the_packs_own(small: PythonSandbox) -> None:
    forged = FRAMES + "say({'op': 'raised', 'kind': 'FetchError', 'text': 'No luck.', 'failed': 7}); os._exit(0)"
    with pytest.raises(PackError, match="raised FetchError: No luck"):
        small.run(code_call(forged))


def test_a_forged_name_of_an_exception_is_only_a_text(small: PythonSandbox) -> None:
    forged = FRAMES + "say({'op': 'raised', 'kind': 'os.system; x', 'text': 'a\\0b\\ud800'}); os._exit(0)"
    with pytest.raises(PackError, match=r"raised Exception: a\ufffdb\?$"):
        small.run(code_call(forged))


def test_a_pack_that_does_not_listen_ends_with_the_time(small: PythonSandbox) -> None:
    deaf = FRAMES + f"import time\nfor _ in range(3): say({FETCH!r})\ntime.sleep(99)"

    class Long:
        def fetch(self, request: Request) -> Response:
            return Response(status=200, headers={}, body=bytes(2**20))

    with pytest.raises(SandboxError) as caught:
        small.run(code_call(deaf, fetcher=Long(), timeout=0.5))
    assert caught.value.limit == "time"


def test_log_lines_arrive_up_to_the_limit_and_then_no_more(
    small: PythonSandbox, caplog: pytest.LogCaptureFixture
) -> None:
    chatty = "for n in range(100): context.logger.warning('line %d %s', n, 'x' * 90)\nprint('unheard')\nthrough = True"
    with caplog.at_level(logging.INFO, logger="packsys.pack.Attacker"):
        assert small.run(code_call(chatty)) is True
    assert len(caplog.records) == 13  # of about 150 bytes each
    assert caplog.records[0].name == "packsys.pack.Attacker"
    assert caplog.records[0].getMessage().startswith("line 0 xxx")


@pytest.mark.parametrize("text", ["a\nERROR forged", "\x1b[2J", "\u202egnol", "\ud800", "x" * 60_000])
def test_a_line_of_the_log_is_one_line_whatever_the_frame_holds(
    machine: Granted, caplog: pytest.LogCaptureFixture, text: str
) -> None:
    with caplog.at_level(logging.INFO, logger="packsys.pack.Attacker"), sandbox() as runner:
        runner.run(code_call(f"{FRAMES}say({{'op': 'log', 'level': 20, 'text': {text!r}}})"))
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) <= 2_000


def test_a_pack_logs_under_the_name_that_it_was_published_with(
    machine: Granted, caplog: pytest.LogCaptureFixture
) -> None:
    """And not under the one that it gives itself by now."""
    with caplog.at_level(logging.INFO, logger="packsys.pack"), sandbox() as runner:
        runner.run(code_call("print('hello')", pack="Published"))
    assert [record.name for record in caplog.records] == ["packsys.pack.Published"]


FORGED = "from packsys import sdk\nraise sdk.StatusCodeError(sdk.Response(status={}, headers={{'retry-after': '9'}}))"


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_a_pack_cannot_make_up_what_a_service_answered(small: PythonSandbox, status: int) -> None:
    """An account does not look refused, nor a service down, because a pack says so."""
    for before in ("", "context.fetch('/')\n"):
        with pytest.raises(PackRaised, match="raised StatusCodeError"):
            small.run(code_call(before + FORGED.format(status), fetcher=Hello()))


def test_a_pack_cannot_make_up_for_how_long_a_service_wants_to_be_left_alone(small: PythonSandbox) -> None:
    class Busy:
        def fetch(self, request: Request) -> Response:
            return Response(status=429, headers={"retry-after": "3"}, body=b"")

    code = "try: context.fetch('/')\nexcept Exception: pass\n" + FORGED.format(429)
    with pytest.raises(RateLimited) as caught:
        small.run(code_call(code, fetcher=Busy()))
    assert caught.value.retry_after == 3.0


STRANGE_ERRORS = (
    "class E(Exception):\n    def __str__(self): raise MemoryError\nraise E",
    "class E(Exception):\n    def __str__(self): raise self\nraise E",
    "class E(BaseException):\n    def __str__(self): raise self\nraise E",
    "class M(type):\n    __name__ = property(lambda self: 1 / 0)\nclass E(Exception, metaclass=M): pass\nraise E",
    "class E(Exception): pass\nE.__name__ = 'vault:\\nkey'\nraise E('x')",
    "error = ValueError('x' * 10**7); error.__cause__ = error; raise error",
    "raise BaseExceptionGroup('x' * 10**6, [KeyboardInterrupt(), GeneratorExit()])",
    "class S(str):\n    def __getitem__(self, part): raise SystemExit\nraise ValueError(S('x'))",
    "class B(dict):\n    def items(self): raise GeneratorExit\nthrough = B(a=1)",
    "class N(int):\n    def __repr__(self): return ']' * 100\nthrough = [N(5), 10**4000]",
    "through = 10**100_000",
)


@pytest.mark.parametrize("code", STRANGE_ERRORS)
def test_a_strange_error_is_an_error_of_the_pack(small: PythonSandbox, code: str) -> None:
    with pytest.raises(PackError) as caught:
        small.run(code_call(code))
    assert len(caught.value.message) <= 500
    assert small.run(code_call("through = 'still here'")) == "still here"


def test_print_becomes_a_log_line(small: PythonSandbox, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="packsys.pack.Attacker"):
        small.run(code_call("print('hello', 5)"))
    assert [record.getMessage() for record in caplog.records] == ["hello 5"]


def test_a_call_may_take_no_longer_than_the_sandbox_allows(machine: Granted) -> None:
    with sandbox(limits=Limits(seconds=0.3)) as runner:
        assert stopped(runner, "while True: pass", timeout=50.0).limit == "time"


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0.0}, {"seconds": 61.0}, {"memory": 0}, {"output": -1}, {"values": 0}], ids=str
)
def test_limits_that_limit_nothing_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"may take|above 0"):
        Limits(**wrong)


SOURCES: list[tuple[Callable[[], dict[str, bytes]], str]] = [
    (dict, "has no pack.py"),
    (lambda: {"pack.py": b"def (:\n"}, r"SyntaxError: invalid syntax .*\(pack.py, line 1\)"),
    (lambda: {"pack.py": b"\n1 / 0\n"}, r"ZeroDivisionError: division by zero \(pack.py, line 2\)"),
    (lambda: {"pack.py": b"x = 1\n"}, "defines no pack"),
    (lambda: {"pack.py": b"raise SystemExit(1)\n"}, "SystemExit: 1"),
    (lambda: {"pack.py": b"import nothing_of_this_name\n"}, "No module named 'nothing_of_this_name'"),
    (lambda: {"pack.py": b"from packsys.sdk import Pack\npack = Pack(id=1, name='A', version='1', description='B')\n"},
     r"such as '1.4.0' .*\(pack.py, line 2\)"),
    (lambda: {"pack.py": FRAMES.encode() + b"say({'op': 'done', 'value': {'formulas': 5}})"},
     "describes itself wrongly"),
    (lambda: {"pack.py": FRAMES.encode() + f"say({FETCH!r})\nos.read(3, 1000)".encode()}, "defines no pack"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "sentence"), SOURCES, ids=[sentence for _, sentence in SOURCES])
def test_a_source_that_is_no_pack_is_refused_with_its_place(
    small: PythonSandbox, files: Callable[[], dict[str, bytes]], sentence: str
) -> None:
    with pytest.raises(BrokenPack, match=sentence):
        small.describe_source(files())


@pytest.mark.parametrize("lie", ["5", "[]", "None", "{'\\0date': '2026-01-01'}"])
def test_a_manifest_that_is_none_is_a_lie(small: PythonSandbox, lie: str) -> None:
    with pytest.raises(SandboxError, match="a manifest that is none"):
        small.describe_source({"pack.py": f"{FRAMES}\nsay({{'op': 'done', 'value': {lie}}})".encode()})


def test_a_source_that_never_ends_loading_is_stopped(machine: Granted) -> None:
    with (
        sandbox(limits=Limits(seconds=0.3)) as runner,
        pytest.raises(SandboxError, match="stopped while it was loaded"),
    ):
        runner.describe_source({"pack.py": b"while True: pass\n"})


def test_many_floods_leave_the_sandbox_as_it_was(small: PythonSandbox) -> None:
    for _ in range(20):
        assert stopped(small, "import os; os._exit(1)").limit == "crashed"
    assert small.run(code_call("through = 1")) == 1
