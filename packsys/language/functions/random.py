"""What comes by chance. A call gives the same in all passes of a job, and another in the next job.

The numbers are made of the job's moment and the call's place, so that a formula that is evaluated again asks its packs
the same questions. They are no secrets: nobody should guess a password from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from packsys.language.functions.registry import Clock, first_item, strict, takes
from packsys.language.signature import Kind, Shape
from packsys.values import Value, failure

_NUMBER = Shape(Kind.NUMBER)


@strict(
    "Random",
    "Gives a number from 0 up to 1.",
    volatile=True,
    examples={"Random() < 1": True},
    result=_NUMBER,
    aliases=("Rand",),
)
def random(clock: Clock) -> Value:
    """Draws a number."""
    return _dice(clock).random()


@strict(
    "RandomInteger",
    "Gives a whole number between two, both included.",
    takes("from", Kind.NUMBER),
    takes("to", Kind.NUMBER),
    volatile=True,
    examples={"RandomInteger(7, 7)": 7, "RandomInteger(1, 6) <= 6": True},
    result=_NUMBER,
    aliases=("RandBetween",),
)
def random_integer(clock: Clock, start: float, stop: float) -> Value:
    """Throws a die."""
    if int(start) > int(stop):
        raise failure("Value", "The first number is larger than the second: there is nothing between them.")
    return _dice(clock).randint(int(start), int(stop))


@strict(
    "RandomItem",
    "Gives an item of a list, blank when it has none.",
    takes("list", Kind.LIST),
    volatile=True,
    examples={"List(7, 7).RandomItem()": 7},
    result=first_item,
)
def random_item(clock: Clock, items: Sequence[Value]) -> Value:
    """Draws an item."""
    return _dice(clock).choice(items) if items else None


def _dice(clock: Clock) -> Random:
    return Random(f"{clock.now.isoformat()} {clock.place}")
