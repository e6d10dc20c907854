"""Makes the jobs of one run: reads, chains, fan-outs, mixed shapes, actions, some of them cancelled or sent twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count, cycle
from typing import Any

from tests.chaos.history import Order

FIVE = (1.0, 2.0, 3.0, 4.0, 5.0)


def square(n: float) -> float:
    """Gives what the service reads for a number."""
    return n * n + 1


def read(label: str, n: object, call: str = "Read") -> str:
    """Writes one read."""
    return f'Chaos::{call}([me], "{label}", {n})'


def fan(label: str, call: str = "Read") -> str:
    """Writes five reads side by side and what adds them up."""
    return f"List(1, 2, 3, 4, 5).FormulaMap({read(label, 'CurrentValue', call)}).Sum()"


SUM = sum(map(square, FIVE))


def single(label: str, n: int) -> Order:
    """Is one read."""
    return Order(label=label, shape="read", formula=read(label, n), value=square(n), reads=(n,))


def chain(label: str, n: int) -> Order:
    """Is three reads, each of what the one before gave."""
    first, second = square(n), square(square(n))
    formula = read(label, read(label, read(label, n)))
    return Order(label=label, shape="chain", formula=formula, value=square(second), reads=(n, first, second))


def fanned(label: str, n: int) -> Order:
    """Is five reads side by side."""
    return Order(label=label, shape="fan", formula=fan(label), value=SUM, reads=FIVE)


def mixed(label: str, n: int) -> Order:
    """Is five reads side by side, and two more of what they give together."""
    formula = read(label, read(label, fan(label)))
    return Order(
        label=label, shape="mixed", formula=formula, value=square(square(SUM)), reads=(*FIVE, SUM, square(SUM))
    )


def slow(label: str, n: int) -> Order:
    """Is five slow reads side by side."""
    return Order(label=label, shape="slow", formula=fan(label, "Slow"), value=SUM, reads=FIVE)


def stamp(label: str, n: int) -> Order:
    """Is one read whose answer names the attempt it was given to."""
    return Order(label=label, shape="stamp", formula=f'Chaos::Stamp([me], "{label}")')


def cached(label: str, n: int) -> Order:
    """Is one read that was perhaps made before, for another job."""
    return Order(label=label, shape="cached", formula=f"Chaos::Remember([me], {n % 7})", value=square(n % 7))


def act(label: str, n: int) -> Order:
    """Is one action."""
    formula = f'Chaos::Act([me], "{label}", {n})'
    return Order(label=label, shape="act", formula=formula, value=square(n), effect=n)


def concluded(label: str, n: int) -> Order:
    """Is five reads side by side, and an action with what they give together."""
    formula = f'Chaos::Act([me], "{label}", {fan(label)})'
    return Order(label=label, shape="concluded", formula=formula, value=square(SUM), reads=FIVE, effect=SUM)


def reckon(n: object) -> str:
    """Writes one call that asks nobody, and so is quick."""
    return f"Chaos::Reckon({n})"


def quick(label: str, n: int) -> Order:
    """Is five quick calls side by side, and two more of what they give together."""
    many = f"List(1, 2, 3, 4, 5).FormulaMap({reckon('CurrentValue')}).Sum()"
    return Order(label=label, shape="quick", formula=reckon(reckon(many)), value=square(square(SUM)))


def hurried(label: str, n: int) -> Order:
    """Is quick calls, one after the other, and an action with what they give."""
    effect = square(square(square(n % 7)))
    formula = f'Chaos::Act([me], "{label}", {reckon(reckon(reckon(n % 7)))})'
    return Order(label=label, shape="hurried", formula=formula, value=square(effect), effect=effect)


def between(label: str, n: int) -> Order:
    """Is quick calls before and after a read."""
    asked = square(square(n % 3))
    formula = reckon(reckon(read(label, reckon(reckon(n % 3)))))
    return Order(label=label, shape="between", formula=formula, value=square(square(square(asked))), reads=(asked,))


SPECIAL = ("cancelled", "twice", "watched", "by_celery")
SHAPES: Mapping[str, Callable[[str, int], Order]] = {
    made.__name__: made
    for made in (single, chain, fanned, quick, slow, act, hurried, stamp, mixed, between, cached, concluded)
}


def orders(run: str, jobs: int, *, seed: int) -> list[Order]:
    """Makes as many jobs in turn of every shape, a tenth each of them cancelled, sent twice, watched, or by Celery."""
    dice = random.Random(seed)
    numbered = zip(range(jobs), cycle(SHAPES.values()), count(2), strict=False)
    made = [make(f"{run}-{number}", n % 50) for number, make, n in numbered]
    return [_special(order, dice.choice(SPECIAL)) if dice.random() < 0.4 else order for order in made]


def _special(order: Order, how: str) -> Order:
    changed: dict[str, Any] = {how: True}
    return replace(order, **changed)
