"""The host against a child that lies on the wire itself, as one would that broke out of V8."""

from __future__ import annotations

import socket
import struct
import time

import pytest

from packsys.errors import PackError, PackRaised, SandboxError
from packsys.sandbox.javascript import wire
from packsys.sandbox.javascript.dialogue import Dialogue, stopped
from packsys.sandbox.javascript.nest import Ended, Late, Limits, Oversized, Session
from packsys.sandbox.javascript.outward import Outward
from tests.sandbox.javascript.packs import Answers

LIMITS = Limits(frame=100_000)


def ask(sent: bytes, *, hang_up: bool = True, seconds: float = 5.0) -> None:
    """Lets a child send these bytes whatever it is asked."""
    ours, theirs = socket.socketpair()
    until = time.monotonic() + seconds
    dialogue = Dialogue("Test::Go", Session(1, ours, longest=LIMITS.frame), LIMITS, _outward(), until=until)
    with ours, theirs:
        theirs.sendall(sent)
        if hang_up:
            theirs.shutdown(socket.SHUT_WR)
        dialogue.ask({"do": "run"})


def frame(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def _outward() -> Outward:
    return Outward(Answers(), lambda: 1.0)


@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        (b"", Ended),
        (b"\0\0", Ended),
        (struct.pack(">I", 10) + b"+", Ended),
        (struct.pack(">I", 0), Oversized),
        (struct.pack(">I", 2**32 - 1), Oversized),
        (struct.pack(">I", LIMITS.frame + 1), Oversized),
        (frame(b"+not JSON"), wire.Malformed),
        (frame(b"+" + b"[" * 90_000), wire.Malformed),
        (frame(b"+[NaN]"), wire.Malformed),
        (frame(b'+[["done",0,{"ok":Infinity}]]'), wire.Malformed),
        (frame(b"+" + b"9" * 10_000), wire.Malformed),
        (frame(b"+\xff\xfe"), wire.Malformed),
        (frame(b"+[" + b"[]," * 30_000 + b"1]"), wire.Malformed),
        (frame(b"+null"), wire.Malformed),
        (frame(b"+{}"), wire.Malformed),
        (frame(b'+[["done",0,null]]'), wire.Malformed),
        (frame(b"-the engine gave up"), PackRaised),
        (frame(b"?"), PackRaised),
        (frame(b"+[]"), PackRaised),
    ],
)
def test_a_lie_on_the_wire_ends_the_call(sent: bytes, problem: type[Exception]) -> None:
    with pytest.raises(problem):
        ask(sent)


def test_a_child_that_says_nothing_is_left_in_time() -> None:
    with pytest.raises(Late):
        ask(b"", hang_up=False, seconds=0.05)


def test_a_child_that_trickles_is_left_in_time() -> None:
    with pytest.raises(Late):
        ask(struct.pack(">I", 50) + b"+", hang_up=False, seconds=0.05)


@pytest.mark.parametrize(
    ("error", "status", "limit"),
    [
        (Oversized(), None, "output"),
        (wire.Malformed("a lie"), None, "protocol"),
        (Ended(), 86 << 8, "memory"),
        (Ended(), 5, "memory"),
        (Ended(), 31, "system call"),
        (Ended(), 24, "time"),
        (Ended(), 9, "crashed"),
        (Ended(), 87 << 8, "protocol"),
        (Ended(), 0, "crashed"),
        (Ended(), None, "crashed"),
    ],
)
def test_each_end_has_a_name(error: Exception, status: int | None, limit: str) -> None:
    said = stopped("Test::Go", error, status=status, seconds=1.0, limits=LIMITS)
    assert isinstance(said, SandboxError)
    assert said.limit == limit


def test_too_many_values_are_refused_and_commas_in_a_text_are_not() -> None:
    many = wire.MOST_VALUES + 1
    with pytest.raises(wire.Malformed):
        wire.loads(b"[" + b"[]," * many + b"[]]")
    assert wire.loads(b'["' + b',\\"' * many + b'"]') == [',"' * many]


@pytest.mark.parametrize("depth", [1000, 100_000])
def test_a_value_that_is_nested_too_deeply_is_refused(depth: int) -> None:
    value: object = 1
    for _ in range(depth):
        value = [value]
    with pytest.raises(wire.Malformed):
        wire.decode(value)


def test_a_line_of_the_log_cannot_forge_another() -> None:
    with pytest.raises(PackError):
        ask(frame(b'+[["log","info","one\\ntwo"]]'))
