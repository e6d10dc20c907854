"""What one request demands: permits of every window and slot that it is counted in, all or none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import groupby

from packsys.limits.policy import Cost, Policy, Rate, Scope, Slots

SECOND = 1_000_000
"""Microseconds, in which limiters count."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Allows ``limit`` permits in any ``length`` microseconds."""

    limit: int
    length: int

    def share(self, part: float, least: int) -> Window:
        """Gives the part of it that one process may use alone, ``least`` permits in a window as much longer."""
        limit = max(least, int(self.limit * part))
        return Window(limit=limit, length=math.ceil(self.length * max(1.0, limit / (self.limit * part))))


@dataclass(frozen=True, kw_only=True)
class Log:
    """Is the log of permits that some windows share.

    It keeps the time of every ``grain``-th permit. A window of N permits has room for the next one when the permit N
    before it has left the window. With grain 1 its time is known, and the log is exact. With a larger one the next kept
    time stands for it, which is no earlier: such a log never counts too few, and lets at most ``grain - 1`` of N
    permits unused, a thousandth. So a log holds 1,001 times at most, whatever the limit.
    """

    key: str
    weight: int
    grain: int
    windows: tuple[Window, ...]

    def share(self, part: float) -> Log:
        """Gives the part of it that one process may use alone."""
        least = self.weight + self.grain - 1
        return replace(self, windows=tuple(window.share(part, least) for window in self.windows))

    @property
    def kept(self) -> int:
        """Counts the times that must be kept."""
        return max(window.limit for window in self.windows) // self.grain + 1

    @property
    def longest(self) -> int:
        """Gives the microseconds for which the log must be kept after its last permit."""
        return max(window.length for window in self.windows)


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Is a pool of slots for requests at once."""

    key: str
    limit: int


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Is what one request needs, by key.

    ``places`` are what a service's own words may hold back, widest first: the last one is what an answer to this
    request is about. A formula is none, because the service does not know it. Who must wait long stands in ``queue``.
    """

    places: tuple[str, ...]
    queue: str
    logs: tuple[Log, ...] = ()
    pools: tuple[Pool, ...] = ()

    def share(self, part: float) -> Demand:
        """Gives what the request needs of the part of every limit that one process may use alone, 1 slot at least."""
        pools = tuple(replace(pool, limit=max(1, int(pool.limit * part))) for pool in self.pools)
        return replace(self, logs=tuple(log.share(part) for log in self.logs), pools=pools)


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Is for whom requests are counted. Without a connection all askers of the pack are one.

    ``account`` is the service's own name for the account, where it is known: several connections may be one account.
    """

    pack: int
    workspace: str = ""
    connection: str = ""
    account: str = ""

    def key(self, policy: Rate | Slots) -> str:
        """Names what the permits of a policy are counted by."""
        match policy.scope:
            case Scope.PACK:
                owner = f"{self.pack}"
            case Scope.ACCOUNT if self.account:
                owner = f"{self.pack}:account:{self.account}"
            case _:
                owner = self.place
        told = f"={policy.formula}" if isinstance(policy, Rate) and policy.formula else ""
        return f"{owner}{told}|{policy.endpoint}" if policy.endpoint else f"{owner}{told}"

    @property
    def place(self) -> str:
        """Names the asker."""
        return f"{self.pack}:{self.workspace}:{self.connection}"


LONGEST_SLACK = 1.0
"""Seconds by which a window is counted as longer, at most."""


def demand(
    asker: Asker, policies: Sequence[Policy], *, method: str = "GET", path: str = "/", slack: float = 0.0
) -> Demand:
    """Gives what a request of an asker needs under the policies that apply to it.

    Windows are counted as longer by the part ``slack``: the service counts when requests arrive, and one that was
    longer on its way than the one that follows it a window later comes closer to it than it left.
    """
    applying = [policy for policy in policies if not policy.endpoint or _matches(policy.endpoint, method, path)]
    counted = [policy for policy in applying if not isinstance(policy, Cost)]
    known = [policy for policy in counted if not (isinstance(policy, Rate) and policy.formula)]
    places = sorted((_ITSELF, *known), key=lambda each: (bool(each.endpoint), _WIDEST_FIRST.index(each.scope)))
    names = tuple(dict.fromkeys(map(asker.key, places)))
    own = [asker.key(policy) for policy in counted if policy not in known]
    return Demand(
        places=names,
        queue=(*names, *own)[-1],
        logs=_logs(asker, applying, slack),
        pools=tuple(Pool(key=asker.key(each), limit=each.limit) for each in counted if isinstance(each, Slots)),
    )


def _logs(asker: Asker, applying: Sequence[Policy], slack: float) -> tuple[Log, ...]:
    def where(rate: Rate) -> tuple[str, int]:
        return asker.key(rate), rate.grain

    rates = sorted((each for each in applying if isinstance(each, Rate)), key=where)
    weight = max((each.weight for each in applying if isinstance(each, Cost)), default=1)
    return tuple(
        _log(f"{key}#{grain}", tuple(members), weight, slack) for (key, grain), members in groupby(rates, key=where)
    )


def _log(key: str, rates: Sequence[Rate], weight: int, slack: float) -> Log:
    # Who writes a cost does not know what a formula declares: a request that is too dear for it takes all there is.
    most = min(weight, *(rate.heaviest for rate in rates))
    return Log(key=key, weight=most, grain=rates[0].grain, windows=tuple(_window(each, slack) for each in rates))


_WIDEST_FIRST = (Scope.PACK, Scope.CONNECTION, Scope.ACCOUNT)
_ITSELF = Rate(limit=1, window=1.0)


def _window(rate: Rate, slack: float) -> Window:
    seconds = rate.window + min(rate.window * slack, LONGEST_SLACK)
    return Window(limit=rate.limit, length=round(seconds * SECOND))


def _matches(endpoint: str, method: str, path: str) -> bool:
    wanted, _, pattern = endpoint.rpartition(" ")
    return (not wanted or wanted.upper() == method.upper()) and fnmatchcase(path, pattern)
