"""Sockets between who has work and the workers."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from packsys.model import Route, Step


class Display(Protocol):
    """Shows a call that a worker goes on with, as the task of its own that it is."""

    def show(self, step: Step) -> AbstractContextManager[None]:
        """Shows the task as started, and at the end of the block as ended."""


@dataclass(frozen=True)
class Flowed:
    """Tells how many lanes still hold messages, and how many messages were moved on."""

    waiting: int
    moved: int = 0


class Queues(Protocol):
    """Takes messages for workers."""

    def push(self, queue: str, messages: Sequence[bytes], *, lane: str) -> None:
        """Puts messages in a lane of a queue, from which each lane has its turn.

        Raises :class:`~packsys.errors.NotReady`.
        """

    def flow(self, queues: Sequence[str]) -> Flowed:
        """Moves on what there is room for, in each of some queues."""

    def along(self, queue: str, marks: Sequence[bytes], *, most: int, after: Sequence[str] = ()) -> Sequence[bytes]:
        """Takes messages from the head of a queue as long as each holds all of some marks, ``most`` at most.

        None while one of the queues holds something ``after`` which this one has its turn.
        """

    def wait(self, queue: str, marks: Sequence[bytes], *, seconds: float) -> bytes | None:
        """Takes the next message of a queue as soon as there is one, if it holds all of some marks.

        None where it does not, which leaves it there, and where none came.
        """

    def depth(self, queue: str) -> int:
        """Counts the messages that wait in a queue."""


@dataclass(frozen=True)
class Due:
    """Is what a message asks for: to make the call of a step.

    ``queue`` is where it came from; a step that is ``alone`` was sent without others of its job.
    """

    job: str
    key: str
    call: str = ""
    queue: str = ""
    alone: bool = False


class Pressure(Protocol):
    """Knows whether there is room for more work."""

    def check(self) -> None:
        """Raises :class:`~packsys.errors.Overloaded` while there is none."""


class Dispatcher(Protocol):
    """Sends work to the workers; messages carry ids only. Sending twice is harmless.

    Where it ``joins``, every wave and every step that is sent again is followed by an advance when it has ended.
    Elsewhere the worker that ends the last step of a wave moves the job on.
    """

    @property
    def joins(self) -> bool:
        """Tells whether an advance follows by itself."""

    def wave(self, steps: Sequence[Step], *, route: Route) -> None:
        """Sends the steps of one wave of a job, side by side."""

    def waves(self, waves: Sequence[tuple[Sequence[Step], Route]]) -> None:
        """Sends waves of several jobs, each as :meth:`wave` does."""

    def again(self, step: Step, *, route: Route, delay: float = 0.0) -> None:
        """Sends one step after ``delay`` seconds."""

    def rouse(self, steps: Sequence[tuple[Step, Route]]) -> None:
        """Sends steps of any jobs."""

    def along(self, job: str, call: str, *, queue: str, most: int) -> Sequence[str]:
        """Takes the messages at the head of a queue that are for steps of a job with the same call, ``most`` at most.

        Gives the steps' keys: none where messages cannot be taken so.
        """

    def next(self, queue: str, *, wait: float = 0.0) -> Due | None:
        """Takes the message at the head of a queue that is for a step, as the worker would that has nothing to do.

        It may ``wait`` so many seconds for one. None while a queue before it holds something, and where messages
        cannot be taken so.
        """

    def advance(self, job: str, *, route: Route) -> None:
        """Asks for the next wave of a job, or its end."""
