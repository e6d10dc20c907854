"""What a job needs now: the next wave of calls, or its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from packsys.errors import HouseError
from packsys.language.interpreter import BLOCKED, Pass, evaluate
from packsys.language.invocation import Invocation
from packsys.language.limits import Budget
from packsys.language.locales import DEFAULT
from packsys.language.memory import Memory
from packsys.language.nodes import Node
from packsys.values import Value

LOOKS = 16
"""How often the calls of one wave are looked at before the last has ended, where that can bring something."""


@dataclass(frozen=True)
class Wave:
    """Is the calls that can be made now, side by side, in the order in which they were first asked for.

    ``merged`` counts the requests that an equal call of the wave answers. ``early`` tells that more calls could become
    possible before all of these have ended.
    """

    invocations: tuple[Invocation, ...]
    merged: int = 0
    early: bool = False

    @property
    def look_at(self) -> int:
        """Gives how many calls may still be open when the job is looked at again: none where that brings nothing.

        A wave is looked at 16 times at most, so that a wide one costs no more passes than a deep one.
        """
        return len(self.invocations) - -(-len(self.invocations) // LOOKS) if self.early else 0


@dataclass(frozen=True)
class Finished:
    """Is the formula's value, or the error that it came to."""

    value: Value


def next_wave(
    tree: Node,
    *,
    variables: Mapping[str, Value],
    outcomes: Mapping[str, Value],
    now: datetime,
    timezone: str,
    locale: str = DEFAULT,
    budget: Budget | None = None,
    memory: Memory | None = None,
) -> Wave | Finished:
    """Decides from the outcomes at hand, by key, and from nothing else: asked twice, it answers the same.

    ``now`` knows its time zone and is the same each time; ``memory`` spares a later round of the same job what an
    earlier one evaluated. A formula whose value is known ends, unless an action is
    still to be run. Calls that are on their way are listed again.
    """
    found = evaluate(
        tree,
        variables=variables,
        outcomes=outcomes,
        now=now,
        timezone=timezone,
        locale=locale,
        budget=budget,
        memory=memory,
    )
    if any(invocation.action for invocation in found.pending) or found.value is BLOCKED:
        return _wave(found)
    return Finished(found.value)


def _wave(found: Pass) -> Wave:
    if not found.pending:
        raise HouseError("A formula waits for calls and asks for none.")
    return Wave(found.pending, found.merged, found.early)
