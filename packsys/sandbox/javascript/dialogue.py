"""One invocation, from the host's side: a message in, messages out, replies in, until there is an outcome.

The two take turns. When the isolate is silent, has no outcome, and waits for nothing, it never will have one.
"""

from __future__ import annotations

import contextvars
import logging
import os
import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from packsys.errors import CallTimeout, NoSandbox, PackRaised, SandboxError
from packsys.sandbox.faults import one_line
from packsys.sandbox.javascript import child_codes, wire
from packsys.sandbox.javascript.nest import Ended, Late, Limits, Oversized, Session
from packsys.sandbox.javascript.outward import Outward
from packsys.sandbox.javascript.verdict import unloadable

_AT_ONCE = 6  # requests of one call that are under way together
_LEVELS = {"warn": logging.WARNING, "error": logging.ERROR, "info": logging.INFO}


class Dialogue:
    """Speaks with one isolate on behalf of one call, which is named in messages as ``Pack::Formula``."""

    def __init__(self, call: str, session: Session, limits: Limits, outward: Outward, *, until: float) -> None:
        """Takes the moment at which time is up, on the monotonic clock."""
        self._call = call
        self._session = session
        self._limits = limits
        self._outward = outward
        self._until = until
        self._requests = 0
        self._lines = 0
        self._logger = logging.getLogger(f"packsys.pack.{call.partition('::')[0]}")

    def load(self) -> None:
        """Waits until the pack is loaded; raises :class:`~packsys.errors.BrokenPack` when it cannot be."""
        kind, text = self._session.receive(until=self._until)
        if kind != b"+":
            raise unloadable(_first_line(text))
        self._session.loaded = True

    def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Sends a message and gives the outcome: ``ok`` or ``error``, as the isolate wrote it.

        Raises :class:`Ended`, :class:`Late`, :class:`Oversized`, :class:`wire.Malformed` and
        :class:`~packsys.errors.PackError`.
        """
        waiting: list[tuple[str, int, Any]] = []
        threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="pack-fetch")
        try:
            return self._until_done(message, waiting, threads)
        finally:
            threads.shutdown(wait=False, cancel_futures=True)  # what the pack does not wait for, nobody does

    def _until_done(
        self, message: Mapping[str, Any], waiting: list[tuple[str, int, Any]], threads: ThreadPoolExecutor
    ) -> Mapping[str, Any]:
        under_way: set[Future[dict[str, Any]]] = set()
        while True:
            outcome = self._turn(message, waiting)
            if outcome is not None:
                return outcome
            message = self._next_reply(waiting, under_way, threads)

    def _turn(self, message: Mapping[str, Any], waiting: list[tuple[str, int, Any]]) -> Mapping[str, Any] | None:
        self._session.send(wire.dumps(message), until=self._until)
        kind, text = self._session.receive(until=self._until)
        if kind != b"+":
            raise PackRaised(f"{self._call} was stopped: {_first_line(text)}")
        for what, number, content in _read(text):
            match what:
                case "done":
                    return _checked_outcome(content)
                case "log":
                    self._log(number, content)
                case _:
                    waiting.append((what, _counted(number), content))
                    self._count()
        return None

    def _next_reply(
        self,
        waiting: list[tuple[str, int, Any]],
        under_way: set[Future[dict[str, Any]]],
        threads: ThreadPoolExecutor,
    ) -> dict[str, Any]:
        if not waiting and not under_way:
            raise PackRaised(f"{self._call} waits for something that will never happen: a promise is left unresolved.")
        if len(waiting) == 1 and not under_way:
            return self._outward.serve(*waiting.pop())
        for what, number, content in waiting:
            context = contextvars.copy_context()
            under_way.add(threads.submit(context.run, self._outward.serve, what, number, content))
        waiting.clear()
        return self._first(under_way)

    def _first(self, under_way: set[Future[dict[str, Any]]]) -> dict[str, Any]:
        ready, _ = wait(under_way, max(0.0, self._until - time.monotonic()), FIRST_COMPLETED)
        if not ready:
            raise Late
        chosen = ready.pop()
        under_way.discard(chosen)
        return chosen.result()

    def _count(self) -> None:
        self._requests += 1
        if self._requests > self._limits.requests:
            most = self._limits.requests
            raise SandboxError(f"{self._call} made more than {most} requests: ask for less.", limit="fetches")

    def _log(self, level: Any, line: Any) -> None:
        self._lines += 1
        if self._lines > self._limits.log_lines:
            raise SandboxError(f"{self._call} logged more than {self._limits.log_lines} lines.", limit="log")
        known = _LEVELS.get(level, logging.DEBUG) if isinstance(level, str) else logging.DEBUG
        self._logger.log(known, "%s", one_line(line) if isinstance(line, str) else "")


def stopped(call: str, error: Exception, *, status: int | None, seconds: float, limits: Limits) -> Exception:
    """Says in the words of the house why a dialogue broke off; ``status`` is how the isolate's process ended."""
    match error:
        case Late():
            return CallTimeout(f"{call} took longer than its {seconds:g} seconds.")
        case Oversized():
            return SandboxError(f"{call} sent more than {limits.frame // 2**20} MB at once.", limit="output")
        case wire.Malformed():
            return SandboxError(f"{call} sent {error}, which no pack sends.", limit="protocol")
        case Ended():
            return _death(call, status, limits)
        case _:
            return error


def _death(call: str, status: int | None, limits: Limits) -> SandboxError | NoSandbox:
    ended = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
    code = os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None
    if code == child_codes.OUT_OF_MEMORY or ended in (signal.SIGTRAP, signal.SIGABRT, signal.SIGILL, signal.SIGSEGV):
        memory = f"{limits.heap // 2**20} MB and {limits.data // 2**20} MB beside them"
        return SandboxError(f"{call} used more than its memory of {memory}.", limit="memory")
    if ended == signal.SIGSYS:
        return SandboxError(f"{call} made a system call that no pack makes.", limit="system call")
    if ended == signal.SIGXCPU:
        return SandboxError(f"{call} used more than {limits.seconds} seconds of the processor.", limit="time")
    if code == child_codes.UNLOCKED:
        return NoSandbox()
    if code == child_codes.MISBEHAVED:
        return SandboxError(f"{call} sent what no pack sends.", limit="protocol")
    how = "its process was killed" if ended == signal.SIGKILL else "its process ended by itself"
    return SandboxError(f"{call} was stopped: {how}.", limit="crashed")


def _read(text: bytes) -> Sequence[tuple[str, Any, Any]]:
    messages = wire.loads(text)
    if not isinstance(messages, list):
        raise wire.Malformed("a frame that is no list")
    for each in messages:
        if not isinstance(each, list) or len(each) != 3 or not isinstance(each[0], str):
            raise wire.Malformed("a message that is none")
    return [(what, number, content) for what, number, content in messages]


def _counted(number: Any) -> int:
    if type(number) is not int or not 0 < number < 2**53:
        raise wire.Malformed("a request without a number")
    return number


def _checked_outcome(content: Any) -> Mapping[str, Any]:
    if not isinstance(content, dict) or ("ok" in content) == ("error" in content):
        raise wire.Malformed("an outcome that is none")
    return content


def _first_line(text: bytes) -> str:
    return (text.decode("utf-8", "replace").strip().splitlines() or ["it gave no reason"])[0][:300]
