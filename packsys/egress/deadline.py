"""The moment at which a request ends, whatever it is doing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from packsys.errors import UpstreamError


@dataclass(frozen=True, kw_only=True)
class Deadline:
    """Is one budget of ``seconds`` for everything that a request does: names, connections, redirects, answers."""

    host: str
    seconds: float
    until: float
    monotonic: Callable[[], float]

    @classmethod
    def after(cls, seconds: float, host: str, monotonic: Callable[[], float]) -> Deadline:
        """Begins now; ``host`` is for the message."""
        return cls(host=host, seconds=seconds, until=monotonic() + seconds, monotonic=monotonic)

    def left(self) -> float:
        """Gives the seconds that are left; raises :class:`~packsys.errors.UpstreamError` when there are none."""
        left = self.until - self.monotonic()
        if left <= 0:
            raise self.missed()
        return left

    def missed(self) -> UpstreamError:
        """Gives what is to be raised when the time is over."""
        return UpstreamError(f"{self.host} did not answer within {self.seconds:g} seconds.", reason="deadline")
