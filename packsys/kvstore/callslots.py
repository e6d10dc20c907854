"""The slots of calls that run at once, across workers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence

from redis import Redis

from packsys.kvstore.address import connect
from packsys.kvstore.limiter import Call, Script
from packsys.kvstore.resting import Resting
from packsys.limits.demand import Pool
from packsys.ports import Admitted

PREFIX = "packsys:calls:1:"
"""Begins every key. The number is the format's."""

NOTED_FOR = 600.0
"""Seconds for which it is noted who waits, after the last one came."""

TIMEOUT = 5.0
"""Seconds for an answer: while a slow server is taken for one that is gone, every call may run."""

SLOTS = Script.named("slots")


class RedisCallSlots:
    """Lends slots in the state server: :class:`~packsys.ports.CallSlots`.

    Each question is one script, by the server's clock. While the server is away every call may run, and nobody is
    woken.
    """

    def __init__(
        self,
        client: Redis,
        *,
        now: Callable[[], float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes a client with short time limits; ``now`` is a clock in seconds instead of the server's, for tests."""
        self._client, self._now = client, now
        self._server = Resting(clock=clock, name="slots")

    @classmethod
    def at(cls, url: str) -> RedisCallSlots:
        """Makes those of the server at ``url``, without touching it."""
        return cls(connect(url, timeout=TIMEOUT))

    def take(self, step: tuple[str, str], pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Takes a slot in each pool, or none; a step that has them keeps them for ``lease`` more seconds."""
        return self._ask("take", step, pools, lease)

    def wait(self, step: tuple[str, str], pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Notes that a step waits; granted where there is room by now, which is held for it."""
        return self._ask("wait", step, pools, lease)

    def free(self, step: tuple[str, str], pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Gives a step's slots to those who wait."""
        return self._ask("free", step, pools, lease)

    def decline(self, step: tuple[str, str], pools: Sequence[Pool], *, lease: float) -> Admitted:
        """Gives what is held for a step that does not come to those who wait."""
        return self._ask("decline", step, pools, lease)

    def _ask(self, verb: str, step: tuple[str, str], pools: Sequence[Pool], lease: float) -> Admitted:
        keys = [f"{PREFIX}{kind}:{pool.key}" for pool in pools for kind in ("slots", "line")]
        now = "" if self._now is None else round(self._now() * 1000)
        terms = (now, verb, json.dumps(step), round(lease * 1000), round(NOTED_FOR * 1000))
        call = Call(keys, (*terms, *(pool.limit for pool in pools)))
        answer = self._server.ask(lambda: SLOTS(self._client, call))
        if answer is None:
            return Admitted(granted=verb == "take")
        granted, *woken = answer
        return Admitted(granted=granted == 1, woken=tuple(_step(each) for each in woken))


def _step(who: bytes) -> tuple[str, str]:
    job, key = json.loads(who)
    return job, key
