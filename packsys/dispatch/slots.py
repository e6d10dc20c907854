"""Sends the messages of slots."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from packsys.dispatch.app import DELIVER, RECONCILE, START_SYNC
from packsys.errors import NotReady
from packsys.scheduling.schedule import Slot

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Message:
    """Is what is sent for a slot: the name of a task, its arguments, and terms of sending such as ``expires``."""

    task: str
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


def sync(slot: Slot) -> Message:
    """Says that a sync table is to be refreshed, and why."""
    return Message(task=START_SYNC, args=(slot.target, slot.cause.value))


def house(slot: Slot) -> Message:
    """Says that the house has one of its own chores to do; one that nobody does in time has had its successor."""
    return Message(task=_CHORES[slot.target], options={"expires": 10})


_CHORES = {"reconcile": RECONCILE, "deliver": DELIVER}

KINDS: Mapping[str, Callable[[Slot], Message]] = {"sync": sync, "house": house}
"""What is sent, by the kind of what a schedule is for."""


@dataclass(frozen=True)
class SlotBell:
    """Sends the message of a slot, under the slot's own id. Raises NotReady when the broker does not take it.

    For a slot of which nothing is known none is sent: another version of packsys keeps schedules in the same database.
    """

    app: Celery
    kinds: Mapping[str, Callable[[Slot], Message]] = field(default_factory=lambda: KINDS)

    def __call__(self, slot: Slot) -> None:
        """Sends it."""
        try:
            message = self.kinds[slot.kind](slot)
        except KeyError:
            log.warning("slot.unknown", extra={"schedule": slot.schedule, "kind": slot.kind, "target": slot.target})
            return
        try:
            self.app.send_task(
                message.task, args=message.args, task_id=slot.task_id, ignore_result=True, **message.options
            )
        except (OperationalError, OSError) as error:
            raise NotReady("The broker does not take messages: what is due is sent when it does.") from error
