"""Rate limits that all workers share, in the state server."""

from __future__ import annotations

import logging
import os
import re
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha1
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any, Protocol

from redis import ConnectionPool, Redis
from redis.exceptions import NoScriptError, RedisError
from redis.exceptions import TimeoutError as Silence

from packsys.kvstore.address import connect
from packsys.limits import brake
from packsys.limits.advice import Advice
from packsys.limits.demand import SECOND, Demand, Log
from packsys.limits.verdict import Cause, Permit, Refusal, refusal
from packsys.ports import RateLimiter

log = logging.getLogger(__name__)

PREFIX = "packsys:limit:1:"
"""Begins every key. The number is the format's."""

TIMEOUT = 5.0
"""Seconds for an answer.

A server that is gone refuses at once; only a silent one is waited for. A slow one must not be taken for a gone one,
because the others go on there and use what it lets through, while this process uses its part besides. The longest that
a healthy server is silent is the write to a busy disk, which it puts off for 2 seconds at most (``appendfsync
everysec``); the rest is for a machine that has other things to do.
"""

REST = 2.0
"""Seconds for which a server that failed is not asked again."""

LONG_REST = 10.0
"""Seconds for which one that was silent is not: to find out anew costs a worker ``TIMEOUT`` seconds."""

REMEMBERED = 1000
"""Permits of this process that are counted on when the server goes away."""

_MOMENT = 1.0  # seconds

KNOWN = 4096
"""Demands whose keys and arguments are kept ready."""

CAUSES = tuple(Cause)
"""Why the script refuses, by number."""

_REFUSED = struct.Struct(">5d")


class Alone(RateLimiter, Protocol):
    """Is the limiter of one process, for when there is no other."""

    def recall(self, taken: Iterable[tuple[float, Demand]]) -> None:
        """Counts permits that were taken before, oldest first, with the times of its own clock."""


@dataclass(frozen=True)
class Script:
    """Is a Lua script, sent once and then called by its digest."""

    text: str
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "digest", sha1(self.text.encode(), usedforsecurity=False).hexdigest())

    @classmethod
    def named(cls, name: str) -> Script:
        """Reads ``lua/NAME.lua``, with the figures that all limiters share in place of their names."""
        text = Path(__file__).with_name("lua").joinpath(f"{name}.lua").read_text(encoding="utf-8")
        return cls(re.sub(r"\b[A-Z][A-Z_]+\b", lambda found: _figure(found[0]), text))

    def __call__(self, client: Redis, call: Call) -> Any:
        """Runs it; sends its text where the server does not know it, as after a restart."""
        try:
            return _exchange(client.connection_pool, self.digest, call)
        except NoScriptError:
            return client.eval(self.text, len(call.keys), *call.keys, *call.arguments)


@dataclass(frozen=True)
class Call:
    """Is what a script is called with. One that is made often is kept, and packed for the wire once."""

    keys: Sequence[str | bytes]
    arguments: Sequence[str | int | float | bytes]
    packed: dict[str, Any] = field(default_factory=dict, compare=False)


def _exchange(pool: ConnectionPool, digest: str, call: Call) -> Any:
    """Calls a script as the client does, without its hooks and measurements, which take longer than the server does.

    A connection whose answer was not read is closed, so that nobody takes it for the answer to the next question.
    """
    connection: Any = pool.get_connection()
    try:
        packed = call.packed.get(digest)
        if packed is None:
            packed = connection.pack_command("EVALSHA", digest, len(call.keys), *call.keys, *call.arguments)
            call.packed[digest] = packed
        connection.send_packed_command(packed)
        return connection.read_response()
    except BaseException as error:
        if not isinstance(error, NoScriptError):
            connection.disconnect()
        raise
    finally:
        pool.release(connection)


def _figure(name: str) -> str:
    cause = Cause.__members__.get(name)
    return str(getattr(brake, name, name) if cause is None else CAUSES.index(cause))


TAKE, LEARN, FREE = Script.named("take"), Script.named("learn"), Script.named("free")


class RedisLimiter:
    """Limits across workers: :class:`~packsys.ports.RateLimiter`.

    Every decision is one script, by the server's clock. When the server is away, ``alone`` decides by the ``part`` of
    every limit that this process may use without the others, of which it has used what it took before.
    """

    def __init__(
        self,
        client: Redis,
        *,
        alone: Alone,
        part: float = 0.1,
        remember: bool = True,
        now: Callable[[], float] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes a client with short time limits.

        With ``remember`` a process that was told that a window is full does not ask again within a second, or before
        there is room. ``now`` is a clock in seconds instead of the server's, for tests.
        """
        self._client, self._alone, self._part, self._now, self._monotonic = client, alone, part, now, monotonic
        self._remember = remember
        self._clock = now or monotonic
        self._resting_until = monotonic()
        self._id, self._numbers, self._decided_alone, self._away = token_hex(8), count(1), 0, False
        self._prepared: dict[Demand, _Prepared] = {}
        self._full: dict[Demand, _Full] = {}
        self._taken: deque[tuple[float, Demand]] = deque(maxlen=REMEMBERED)

    @classmethod
    def at(cls, url: str, *, alone: Alone, part: float = 0.1, remember: bool = True) -> RedisLimiter:
        """Makes the limiter of the server at ``url``, without touching it."""
        return cls(connect(url, timeout=TIMEOUT), alone=alone, part=part, remember=remember)

    def take(self, demand: Demand, *, lease: float) -> Permit | Refusal:
        """Takes every permit and slot that a request needs, or none and says how long to wait."""
        if (full := self._full.get(demand)) is not None and (left := full.until - self._clock()) > 0:
            return full.again(left)
        prepared = self._prepare(demand)
        permit, call = self._call(prepared, lease) if demand.pools or self._now else (_PLAIN, prepared.plain)
        answer = self._ask(TAKE, call)
        if answer is None:
            return self._take_alone(demand, lease)
        if answer != 0:
            return self._refused(demand, answer)
        self._taken.append((self._monotonic(), demand))
        return permit

    def give_back(self, demand: Demand, permit: Permit) -> None:
        """Frees the slots of a permit; where the server is away, they come back when their time is over."""
        if demand.pools:
            self._alone.give_back(demand.share(self._part), permit)
            self._ask(FREE, Call(self._prepare(demand).slots, (permit.id,)))

    def learn(self, demand: Demand, advice: Advice) -> None:
        """Holds the demand's narrowest place back as the service says."""
        if advice.empty:
            return
        self._alone.learn(demand, advice)
        self._full.clear()
        pause = -1 if advice.pause is None else round(advice.pause * SECOND)
        left = -1 if advice.left is None else advice.left
        said = (int(advice.refused), pause, left, round(advice.reset * SECOND))
        self._ask(LEARN, Call((_brake(demand.places[-1]),), (self._moment(), *said)))

    @property
    def decided_alone(self) -> int:
        """Counts the decisions that were made without the server."""
        return self._decided_alone

    def _moment(self) -> str | int:
        return "" if self._now is None else round(self._now() * SECOND)

    def _prepare(self, demand: Demand) -> _Prepared:
        known = self._prepared.get(demand)
        if known is None:
            if len(self._prepared) >= KNOWN:
                self._prepared.clear()
            known = self._prepared[demand] = _Prepared.of(demand)
        return known

    def _call(self, prepared: _Prepared, lease: float) -> tuple[Permit, Call]:
        permit = f"{self._id}.{os.getpid()}.{next(self._numbers)}"  # a process that was forked has the same id
        borrowed = min(round(lease * SECOND), brake.LONGEST_LEASE)
        return Permit(id=permit), Call(prepared.keys, (self._moment(), permit, borrowed, prepared.figures))

    def _refused(self, demand: Demand, answer: bytes) -> Refusal:
        wait, cause, turn, limit, window = map(round, _REFUSED.unpack(answer))
        said = refusal(wait, CAUSES[cause], turn=turn, limit=limit, window=window)
        if said.cause is Cause.RATE and self._remember:
            if len(self._full) >= KNOWN:
                self._full.clear()
            self._full[demand] = _Full(said, until=self._clock() + said.seconds, asked=self._clock())
        return said

    def _take_alone(self, demand: Demand, lease: float) -> Permit | Refusal:
        self._alone.recall((at, each.share(self._part)) for at, each in self._taken)
        self._taken.clear()
        self._decided_alone += 1
        return self._alone.take(demand.share(self._part), lease=lease)

    def _ask(self, script: Script, call: Call) -> Any:
        if self._monotonic() < self._resting_until:
            return None
        try:
            answer = script(self._client, call)
        except RedisError as error:
            self._leave(error)
            return None
        self._return()
        return answer

    def _leave(self, error: RedisError) -> None:
        self._resting_until = self._monotonic() + (LONG_REST if isinstance(error, Silence) else REST)
        if not self._away:
            self._away = True
            log.warning("limiter.away", extra={"cause": f"{type(error).__name__}: {error}", "part": self._part})

    def _return(self) -> None:
        if self._away:
            self._away = False
            log.warning("limiter.back", extra={"decided_alone": self._decided_alone})


_PLAIN = Permit()


class _Full:
    """Remembers that a window is full: nothing makes room in it before its time, so the server need not say it again.

    It is asked again after a moment nevertheless, because its clock is not ours, and who is refused here gets the turn
    that the server would have given, as far as this process knows.
    """

    def __init__(self, said: Refusal, *, until: float, asked: float) -> None:
        self.until = min(until, asked + _MOMENT)
        self._said, self._until, self._refused = said, until, 0

    def again(self, left: float) -> Refusal:
        self._refused += 1
        seconds = left + self._until - self.until
        late = self._said.turn - self._said.seconds
        if seconds * SECOND > brake.PARKED:
            late += self._refused // self._said.limit * self._said.window
        return Refusal(
            seconds=seconds,
            cause=Cause.RATE,
            turn=seconds + late,
            limit=self._said.limit,
            window=self._said.window,
        )


@dataclass(frozen=True, kw_only=True)
class _Prepared:
    """Is a demand as the script reads it."""

    keys: tuple[str, ...]
    slots: tuple[str, ...]
    figures: bytes
    plain: Call

    @classmethod
    def of(cls, demand: Demand) -> _Prepared:
        brakes = [_brake(place) for place in demand.places]
        logs = [key for each in demand.logs for key in _log_keys(each)]
        slots = tuple(f"{PREFIX}slots:{pool.key}" for pool in demand.pools)
        counts = (len(demand.places), len(demand.logs), len(demand.pools))
        logs_figures = (figure for each in demand.logs for figure in _log_figures(each))
        figures = (*counts, *logs_figures, *(pool.limit for pool in demand.pools))
        keys = (*brakes, *logs, *slots, f"{PREFIX}turn:{demand.queue}")
        packed = struct.pack(f">{len(figures)}d", *figures)
        return cls(keys=keys, slots=slots, figures=packed, plain=Call(keys, ("", "", 0, packed)))


def _brake(place: str) -> str:
    return f"{PREFIX}brake:{place}"


def _log_keys(log: Log) -> tuple[str, ...]:
    times = f"{PREFIX}log:{log.key}"
    return (times, f"{times}:count") if log.grain > 1 else (times,)


def _log_figures(log: Log) -> tuple[int, ...]:
    milliseconds = -(-log.longest // 1000) + 1000
    windows = [figure for window in log.windows for figure in (window.limit, window.length)]
    return log.weight, log.grain, log.kept, milliseconds, len(log.windows), *windows
