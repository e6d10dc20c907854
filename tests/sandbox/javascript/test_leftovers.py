"""However a worker stops, its V8 leaves no process and no descriptor; whatever dies inside, the worker goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from billiard.pool import Pool

from packsys.errors import CallTimeout, SandboxError
from packsys.ports import Request, Response
from tests.sandbox.jail.test_leftovers import below, descriptors, gone, processes, within
from tests.sandbox.javascript.packs import Bench, a_bench

ROOT = Path(__file__).parents[3]


class Killer:
    """Is a fetcher that kills a process of the sandbox while the isolate waits."""

    def __init__(self, which: str, before: set[int]) -> None:
        self._which = which
        self._before = before

    def fetch(self, request: Request) -> Response:
        inside = [each for each in processes() if each.pid not in self._before]
        leaves = [each for each in inside if _is_leaf(each)]
        struck, fallen = (leaves, leaves) if self._which == "the children" else (inside[:1], inside)
        for each in struck:
            with suppress(psutil.NoSuchProcess):
                each.kill()
        assert within(60, lambda: gone([each.pid for each in fallen]))
        return Response(status=200, headers={}, body=b"")


def _is_leaf(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return not process.children()
    return False


@pytest.mark.parametrize("warm", [False, True], ids=["fresh", "warm"])
def test_closing_leaves_no_process_and_no_descriptor(bench: Bench, warm: bool) -> None:
    before, held = below(), descriptors()
    with a_bench(warm=[1] if warm else []) as own:
        pack = own.add("if (params[0]) for (;;) {} return 1")
        assert own.again(pack) == 1
        with pytest.raises(CallTimeout):
            own.again(pack, True, timeout=0.3)
        assert own.again(pack) == 1
        assert set(below()) > set(before)
    assert within(60, lambda: gone([pid for pid in below() if pid not in before]))
    own.sandbox = own.shelf = None  # type: ignore[assignment]  # the scripts are closed with the last who holds them
    assert descriptors() == held


def test_no_descriptor_is_left_after_many_calls(bench: Bench) -> None:
    with a_bench(spare=1) as own:
        packs = [own.add(f"return {n}") for n in range(3)]
        for pack in packs:
            own.again(pack)
        before = len(descriptors())
        for n in range(20):
            own.again(packs[n % 3])
        assert len(descriptors()) <= before


@pytest.mark.parametrize("which", ["the children", "the nest"])
def test_whoever_is_killed_inside_fails_its_call_and_is_replaced(bench: Bench, which: str) -> None:
    before = set(below())
    with a_bench() as own:
        pack = own.add("if (params[0]) await context.fetcher.fetch({url: '/'}); return 'on'")
        assert own.again(pack) == "on"
        with pytest.raises(SandboxError):
            own.go("await context.fetcher.fetch({url: '/'}); return 1", fetcher=Killer(which, before))
        assert within(60, lambda: _answers(own, pack))  # one that waited and was killed too fails one more call


def _answers(bench: Bench, pack: int) -> bool:
    try:
        return bool(bench.again(pack) == "on")
    except SandboxError:
        return False


def test_a_child_that_waits_may_be_killed_too(bench: Bench) -> None:
    before = set(below())
    with a_bench() as own:
        pack = own.add("return 'on'")
        assert own.again(pack) == "on"
        Killer("the children", before).fetch(Request(url="/"))
        assert within(60, lambda: own.again(pack) == "on")


def test_threads_share_one_nest(bench: Bench) -> None:
    before = set(below())
    with a_bench(spare=2) as own, ThreadPoolExecutor(6) as threads:
        pack = own.add("await context.fetcher.fetch({url: '/'}); return params[0]")
        assert [*threads.map(lambda n: own.again(pack, n), range(24))] == [*range(24)]
        inside = [each for each in processes() if each.pid not in before]
        assert len({*psutil.Process().children()} & {*inside}) == 1
    assert within(60, lambda: gone([each.pid for each in inside]))


HOST = """
import json, os, signal, sys, threading, psutil
from packsys.ports import Response
from tests.sandbox.javascript.packs import a_bench

class Bell:
    rung = threading.Event()
    def fetch(self, request):
        print(json.dumps([each.pid for each in psutil.Process().children(recursive=True)]), flush=True)
        self.rung.set()
        return Response(status=200, headers={}, body=b"")

with a_bench() as bench:
    endless = "await context.fetcher.fetch({url: '/'}); for (;;) {}"
    call = lambda: bench.go(endless, fetcher=Bell(), timeout=50)
    if sys.argv[1] == "exits":
        threading.Thread(target=call, daemon=True).start()
        Bell.rung.wait(20)
        os._exit(0)
    call()
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT", "exits"])
def test_a_worker_that_stops_in_the_middle_takes_its_v8_with_it(bench: Bench, how: str) -> None:
    command = [sys.executable, "-c", HOST, how]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as host:
        try:
            assert host.stdout is not None
            inside: list[int] = json.loads(host.stdout.readline())
            assert len(inside) >= 2
            if how != "exits":
                host.send_signal(signal.Signals[how])
            assert within(60, lambda: gone(inside))
        finally:
            host.kill()


SHARED = Bench()
"""As a worker has it: made before it forks, and started by each child."""
PACK = SHARED.add("return params[0]")


def in_a_child(number: int) -> Any:
    return SHARED.again(PACK, number)


def test_prefork_children_of_celery_have_nests_of_their_own_and_take_them_along(bench: Bench) -> None:
    before = set(below())
    with closing(SHARED.sandbox):
        SHARED.sandbox.start()
        pool = Pool(2)
        try:
            told = pool.map(in_a_child, range(8), chunksize=1)
            inside = [pid for pid in below() if pid not in before]
        finally:
            pool.terminate()
            pool.join()
    assert told == [*range(8)]
    assert within(60, lambda: gone(inside))


def test_a_fork_of_the_worker_does_not_keep_its_v8_alive(bench: Bench) -> None:
    before = set(below())
    with a_bench() as own:
        own.go("return 1")
        inside = [pid for pid in below() if pid not in before]
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            signal.pause()
    try:
        assert within(60, lambda: gone(inside))
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
