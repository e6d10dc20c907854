"""However a worker stops, its sandbox leaves no process and no descriptor; whatever dies inside, the worker goes on."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from billiard.pool import Pool

from packsys.errors import SandboxError
from packsys.ports import Response
from packsys.sandbox.confinement import Granted
from packsys.sandbox.limits import Limits
from packsys.sandbox.python import PythonSandbox
from tests.sandbox.jail.attempts import code_call, sandbox
from tests.sandbox.jail.host import ENDLESS

ROOT = Path(__file__).parents[3]


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        threading.Event().wait(0.01)
    return True


def gone(pids: list[int]) -> bool:
    """Tells whether processes have ended; a zombie has, whoever is to bury it."""
    return not any(_lives(pid) for pid in pids)


def _lives(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    return False


def below() -> list[int]:
    return [each.pid for each in processes()]


def processes() -> list[psutil.Process]:
    return [each for each in psutil.Process().children(recursive=True) if not _serves(each)]


def _serves(process: psutil.Process) -> bool:
    # The servers of other tests start and end processes of their own as they please.
    with suppress(psutil.NoSuchProcess):
        return process.name() in ("postgres", "valkey-server")
    return False


def descriptors() -> set[str]:
    gc.collect()  # what other tests left open by accident must not close in between
    return {f"{fd}:{os.readlink(f'/proc/self/fd/{fd}')}" for fd in os.listdir("/proc/self/fd") if _is_open(fd)}


def _is_open(fd: str) -> bool:
    return os.path.lexists(f"/proc/self/fd/{fd}")


@contextmanager
def hosted(mode: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    command = [sys.executable, "-m", "tests.sandbox.jail.host", mode]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "warm"])
def test_closing_leaves_no_process_and_no_descriptor(machine: Granted, warm: bool) -> None:
    before, held = below(), descriptors()
    with sandbox(warm=warm) as runner:
        assert runner.run(code_call("through = 1")) == 1
        with pytest.raises(SandboxError):
            runner.run(code_call("while True: pass", timeout=0.2))
        assert set(below()) > set(before)
    assert (below(), descriptors()) == (before, held)


def test_a_hundred_calls_leave_no_descriptor_behind(jail: PythonSandbox) -> None:
    jail.run(code_call("through = 1"))
    held = len(descriptors())
    for code in ("through = 1", "1 / 0", "import os; os._exit(1)", "import os; os.write(3, b'\\0\\0\\0\\1x')") * 25:
        try:
            jail.run(code_call(code))
        except Exception as error:
            assert type(error).__module__ == "packsys.errors"  # noqa: PT017  # which of them is another test's matter
    assert len(descriptors()) == held


def test_sessions_that_are_over_are_buried(jail: PythonSandbox) -> None:
    jail.run(code_call("through = 1"))
    before = len(below())
    for _ in range(10):
        jail.run(code_call("through = 1"))
    assert within(60, lambda: len(below()) <= before + 2)  # a spare session may have come, and a bait


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_host_that_is_killed_takes_its_sandbox_with_it(machine: Granted, how: signal.Signals) -> None:
    with hosted("plain") as (process, told):
        assert len(told["processes"]) >= 2
        process.send_signal(how)
        assert within(60, lambda: gone(told["processes"]))


def test_a_host_that_exits_without_closing_leaves_nothing(machine: Granted) -> None:
    with hosted("exits") as (process, told):
        assert process.wait(20) == 0
        assert within(60, lambda: gone(told["processes"]))


def test_a_fork_of_the_host_does_not_keep_the_sandbox_alive(machine: Granted) -> None:
    with hosted("forked") as (process, told):
        process.kill()
        ended = within(60, lambda: gone(told["processes"]))
        assert psutil.pid_exists(told["besides"][0])
        os.kill(told["besides"][0], signal.SIGKILL)
        assert ended


def test_a_fork_of_the_host_has_a_sandbox_of_its_own(jail: PythonSandbox) -> None:
    assert jail.run(code_call("through = 1")) == 1
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.write(writing, str(jail.run(code_call("through = 2"))).encode())
            jail.close()
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.read() == "2"
    assert os.waitpid(child, 0)[1] == 0
    assert jail.run(code_call("through = 3")) == 3


def test_a_fork_of_the_host_does_not_talk_into_its_warm_sessions(machine: Granted) -> None:
    count = "import sys; sys.calls = getattr(sys, 'calls', 0) + 1; through = sys.calls"
    with sandbox(warm=True) as runner:
        assert runner.run(code_call(count)) == 1
        child = os.fork()
        if child == 0:
            status = 1
            try:
                status = 0 if runner.run(code_call(count)) == 1 else 2
                runner.close()
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        assert runner.run(code_call(count)) == 2


SHARED = sandbox()
"""As a worker has it: made before it forks, and started by each child."""


def in_a_child(number: int) -> tuple[int, object]:
    return os.getpid(), SHARED.run(code_call(f"through = {number}"))


def test_prefork_children_of_celery_have_sandboxes_of_their_own_and_take_them_along(machine: Granted) -> None:
    before = set(below())
    with closing(SHARED):
        SHARED.start()
        pool = Pool(2)
        try:
            told = pool.map(in_a_child, range(8), chunksize=1)
            inside = [pid for pid in below() if pid not in before]
        finally:
            pool.terminate()
            pool.join()
    assert [value for _, value in told] == list(range(8))
    assert within(60, lambda: gone(inside))


@pytest.mark.parametrize("which", [0, 1], ids=["the one who waits", "the zygote"])
def test_a_zygote_that_is_killed_fails_its_calls_and_is_started_again(machine: Granted, which: int) -> None:
    with sandbox() as runner:
        before = set(below())
        runner.start()
        processes = [pid for pid in below() if pid not in before]

        class Killer:
            def fetch(self, request: Any) -> Response:
                os.kill(processes[min(which, len(processes) - 1)], signal.SIGKILL)
                return Response(status=200, headers={}, body=b"")

        with pytest.raises(SandboxError) as caught:
            runner.run(code_call(ENDLESS, fetcher=Killer()))
        assert caught.value.limit == "crashed"
        assert runner.run(code_call("through = 'again'")) == "again"


def test_a_session_that_was_stopped_is_dead(machine: Granted) -> None:
    before = len(below())
    with sandbox(limits=Limits(seconds=0.3)) as runner:
        with pytest.raises(SandboxError):
            runner.run(code_call("while True: pass"))
        left = 2 if machine.namespaces else 3  # the zygote, a spare session, and the one who waits for the namespaces
        assert within(5, lambda: len(below()) == before + left)
