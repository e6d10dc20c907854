"""What a session does reaches no other session: none beside it, none after it, and not what they are forked from."""

from __future__ import annotations

from typing import Any

import pytest

from packsys.errors import SandboxError
from packsys.ports import Request, Response
from packsys.sandbox.confinement import Granted, Layers
from packsys.sandbox.python import PythonSandbox
from tests.sandbox.jail.attacks import Attack
from tests.sandbox.jail.attempts import End, code_call, made, sandbox
from tests.sandbox.jail.test_limits import FETCH, FRAMES, Hello

WAITING = "context.fetch('/wait'); through = True"

# Each looks for a process of its own user that is neither itself, nor process 1, nor the one that it was forked from.
OTHERS = "others = [pid for pid in range(2, 400) if pid not in (os.getpid(), os.getppid())]\nthrough = False\n"
TRIED = """
for pid in others:
    try:
        {attempt}
        through = True
    except (ProcessLookupError, ChildProcessError):
        pass
"""
AT_A_NEIGHBOUR = {
    "signal": "os.kill(pid, 0)",
    "trace": "call(NUMBERS['ptrace'], 0x4206, pid, 0, 0)",
    "read the memory": "call(NUMBERS['process_vm_readv'], pid, ours, 1, theirs, 1, 0)",
    "raise the limits": "call(NUMBERS['prlimit64'], pid, 7, 0, ctypes.create_string_buffer(16))",
}
MEMORY = """
here = ctypes.create_string_buffer(16)
ours = struct.pack('QQ', ctypes.addressof(here), 8)
theirs = struct.pack('QQ', id(call), 8)
"""


class Beside:
    """Is a fetcher that makes an attempt in a second session while the first one waits for its answer."""

    def __init__(self, attack: Attack, runner: PythonSandbox) -> None:
        self._attack = attack
        self._runner = runner
        self.end = End()

    def fetch(self, request: Request) -> Response:
        self.end = made(self._attack, self._runner, {})
        return Response(status=200, headers={}, body=b"")


@pytest.mark.parametrize("attempt", AT_A_NEIGHBOUR)
def test_a_session_cannot_touch_the_one_beside_it(attempt: str, machine: Granted) -> None:
    attack = Attack(attempt, ("landlock", "seccomp"), MEMORY + OTHERS + TRIED.format(attempt=AT_A_NEIGHBOUR[attempt]))
    with sandbox() as runner:
        beside = Beside(attack, runner)
        assert runner.run(code_call(WAITING, fetcher=beside)) is True
        assert beside.end.stopped, beside.end


def test_without_its_walls_it_would_find_the_one_beside_it(machine: Granted) -> None:
    attack = Attack("signal", ("landlock", "seccomp"), OTHERS + TRIED.format(attempt=AT_A_NEIGHBOUR["signal"]))
    with sandbox(layers=Layers(landlock=False, seccomp=False)) as runner:
        beside = Beside(attack, runner)
        assert runner.run(code_call(WAITING, fetcher=beside)) is True
        assert beside.end.through, beside.end


# Each spoils something that the next session is forked with, and says so; the next one looks.
SPOILED = {
    "a module": ("import json; json.dumps = lambda *a, **k: 'spoiled'", "import json; seen = json.dumps(1) != '1'"),
    "the builtins": ("import builtins; builtins.spoiled = 1", "seen = 'spoiled' in dir(__builtins__)"),
    "a byte of memory": (
        "import ctypes, sys\nheld = sys.intern('packsys-is-held')\nctypes.memset(id(True) + 24, 7, 1)",
        "seen = int(True) != 1",
    ),
    "what packs may import": (
        "import sys; sys.modules['json'] = None",
        "import sys; seen = sys.modules['json'] is None",
    ),
    "the program of the zygote": (
        "import gc\nfor each in gc.get_objects():\n    if type(each).__name__ == '_Zygote': each._sessions.clear()\n"
        "import packsys.sandbox.zygote as z; z.spoiled = 1",
        "import packsys.sandbox.zygote as z; seen = hasattr(z, 'spoiled')",
    ),
    "the channel": ("import os; os.set_blocking(3, False)", "import os; seen = not os.get_blocking(3)"),
    "the class of packs": ("from packsys import sdk; sdk.Pack.spoiled = 1", "from packsys import sdk; "
                           "seen = hasattr(sdk.Pack, 'spoiled')"),
}  # fmt: skip


@pytest.mark.parametrize("what", SPOILED)
def test_nothing_that_a_session_spoils_is_seen_by_the_next(what: str, jail: PythonSandbox) -> None:
    spoil, look = SPOILED[what]
    quietly = f"try:\n    {look}\nexcept PermissionError:\n    seen = False\nthrough = 'seen' if seen else 'clean'"
    assert jail.run(code_call(quietly)) == "clean"
    try:
        jail.run(code_call(f"{spoil}\nthrough = None"))
    except Exception as error:
        assert type(error).__module__ == "packsys.errors"  # noqa: PT017  # it spoiled its own way home too
    assert jail.run(code_call(quietly)) == "clean"


@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "warm"])
def test_a_second_outcome_reaches_nobody(warm: bool, machine: Granted) -> None:
    """Both leave in one write, so that the second lies there before anybody can look."""
    twice = (
        "import json, os, struct\n"
        "def framed(value):\n    data = json.dumps({'op': 'done', 'value': value}).encode()\n"
        "    return struct.pack('>I', len(data)) + data\n"
        "os.write(3, framed('first') + framed('second'))\nos.read(3, 1)"
    )
    with sandbox(warm=warm) as runner:
        assert runner.run(code_call(twice)) == "first"
        assert runner.run(code_call("through = 'clean'")) == "clean"


def test_what_is_asked_after_the_outcome_is_not_done(machine: Granted) -> None:
    hello = Hello()
    late = f"{FRAMES}say({{'op': 'done', 'value': 1}})\nwhile True: say({FETCH!r})"
    with sandbox() as runner:
        assert runner.run(code_call(late, fetcher=hello)) == 1
        assert runner.run(code_call("through = 2", fetcher=hello)) == 2
    assert hello.requests == []


def test_an_outcome_before_the_order_is_the_packs_own(machine: Granted) -> None:
    """A pack that answers while it is loaded answers its own call, and the next call finds a session of its own."""
    early = b"""
import json, os, struct
data = json.dumps({"op": "done", "value": "early"}).encode()
os.write(3, struct.pack(">I", len(data)) + data)
os.read(3, 1)
"""
    with sandbox() as runner:
        with pytest.raises(SandboxError):
            runner.describe_source({"pack.py": early})
        assert runner.run(code_call("through = 'clean'")) == "clean"


def test_a_session_cannot_be_found_by_what_the_zygote_left_in_memory(jail: PythonSandbox) -> None:
    """Its objects are there, copied by the fork; its descriptors are not."""
    reach: Any = """
import gc, os, socket
reached = []
for each in gc.get_objects():
    if isinstance(each, socket.socket) and each.fileno() > 3:
        try:
            each.send(b'{"kill": 1}')
            reached.append(each.fileno())
        except OSError:
            pass
through = reached
"""
    assert jail.run(code_call(reach)) == []
