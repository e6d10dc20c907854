"""A server that is asked only while it answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as Silent

log = logging.getLogger(__name__)

REST = 2.0
"""Seconds for which a server that failed is not asked again."""


class Resting:
    """Runs commands of a cache: when its server is away, slow or full, the answer is None and nobody waits."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, name: str = "cache") -> None:
        """Takes a clock that counts seconds, and what the log is to call the server."""
        self._clock, self._until, self._name = clock, clock(), name

    def ask(self, command: Callable[[], Any]) -> Any:
        """Gives what a command gives, or None."""
        if self._clock() < self._until:
            return None
        try:
            return command()
        except (Unreachable, Silent) as error:
            self._until = self._clock() + REST
            log.warning(f"{self._name}.away", extra={"cause": type(error).__name__})
        except RedisError as error:
            log.warning(f"{self._name}.refused", extra={"cause": str(error)})
        return None
