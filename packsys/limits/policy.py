"""Policies: how many requests in how many seconds, and how many at once, counted for whom."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from packsys.errors import WrongSetUp
from packsys.sdk import RateLimit

LONGEST_WINDOW = 31 * 86_400.0
"""Seconds. What is counted over a longer time is a contract, not a rate."""

ENTRIES = 1000
"""Times that are kept for one window, at most. See :class:`packsys.limits.demand.Log`."""


class Scope(StrEnum):
    """Names for whom requests are counted together."""

    PACK = "pack"
    CONNECTION = "connection"
    ACCOUNT = "account"


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Allows ``limit`` permits in any ``window`` seconds, wherever the window begins.

    ``endpoint`` narrows it to requests whose path matches, such as ``/search/*`` or ``POST /messages``, ``formula`` to
    those of one formula of the pack; they are then counted apart. Raises :class:`~packsys.errors.WrongSetUp` for what
    allows nothing.
    """

    limit: int
    window: float
    scope: Scope = Scope.CONNECTION
    endpoint: str = ""
    formula: str = ""

    def __post_init__(self) -> None:
        if self.limit < 1 or not 0 < self.window <= LONGEST_WINDOW:
            raise WrongSetUp(f"A limit of {self.limit} in {self.window:g} seconds allows nothing: allow 1 at least.")

    @property
    def grain(self) -> int:
        """Gives how many permits share one kept time: 1 up to ``ENTRIES`` permits."""
        return math.ceil(self.limit / ENTRIES)

    @property
    def heaviest(self) -> int:
        """Gives the largest weight of one request."""
        return self.limit - self.grain + 1


@dataclass(frozen=True, kw_only=True)
class Slots:
    """Allows ``limit`` requests at once."""

    limit: int
    scope: Scope = Scope.CONNECTION
    endpoint: str = ""

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise WrongSetUp(f"{self.limit} requests at once allow nothing: allow at least 1.")


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Makes a request whose path matches take ``weight`` permits of every rate instead of 1."""

    weight: int
    endpoint: str

    def __post_init__(self) -> None:
        if self.weight < 1:
            raise WrongSetUp(f"A request cannot take {self.weight} permits: let it take 1 at least.")


Policy: TypeAlias = Rate | Slots | Cost

DEFAULTS: Sequence[Policy] = (
    Rate(limit=10, window=1.0),
    Rate(limit=100, window=60.0),
    Rate(limit=1000, window=3600.0),
)
"""What holds for a pack that declares nothing, and of which the operator says nothing."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """Is what the operator says: policies for packs by id, and for all that declare none."""

    default: Sequence[Policy] = DEFAULTS
    packs: Mapping[int, Sequence[Policy]] = field(default_factory=dict)

    def for_pack(
        self, pack: int, declared: Sequence[Policy] = (), *, besides: Sequence[Policy] = ()
    ) -> Sequence[Policy]:
        """Gives the policies of a pack: the operator's for it, else the ones it declares, else the default ones.

        What it declares for one formula holds ``besides``, unless the operator says something about the pack.
        """
        return self.packs.get(pack) or (*(declared or self.default), *besides)

    def __post_init__(self) -> None:
        for policies in (self.default, *self.packs.values()):
            check(policies)


def check(policies: Sequence[Policy]) -> None:
    """Refuses requests that cost more than a limit ever gives, with :class:`~packsys.errors.WrongSetUp`."""
    heaviest = min((each.heaviest for each in policies if isinstance(each, Rate)), default=1)
    for each in policies:
        if isinstance(each, Cost) and each.weight > heaviest:
            raise WrongSetUp(f"A request to {each.endpoint} costs {each.weight} permits, and {heaviest} are the most.")


def declared(limits: Sequence[RateLimit], *, formula: str = "") -> tuple[Policy, ...]:
    """Gives the policies that the declared rate limits of a pack, or of one formula of it, are."""
    return tuple(
        Rate(limit=each.requests, window=each.seconds, scope=Scope(each.per), formula=formula) for each in limits
    )
