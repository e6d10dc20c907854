"""Rhythms: every so many seconds, or as a line of cron says in a time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from packsys.errors import RequestError

SHORTEST = 1.0
LONGEST = 366 * 86_400.0
"""Seconds between two slots."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Every:
    """Fires each ``seconds``, counted from 1970 in UTC: every 3,600 is at each full hour."""

    seconds: float


@dataclass(frozen=True)
class Cron:
    """Fires as a line of cron says, by the clocks of an IANA time zone.

    Where clocks are put forward, what falls into the hour that is left out fires right after it; where they are put
    back, what falls into the hour that comes twice fires once. A line with a ``*`` as its hour fires in real hours.
    That is what Debian's cron does, as :mod:`cronsim` follows it.
    """

    expression: str
    timezone: str = "UTC"


Rhythm: TypeAlias = Every | Cron


def check_rhythm(rhythm: Rhythm, *, jitter: float = 0.0) -> None:
    """Refuses a rhythm that makes no sense, or never fires, with :class:`~packsys.errors.RequestError`."""
    match rhythm:
        case Every(seconds):
            if not SHORTEST <= seconds <= LONGEST:
                raise RequestError(
                    f"A schedule cannot fire every {seconds:g} seconds: say {SHORTEST:g} to {LONGEST:g}."
                )
        case Cron(expression, timezone):
            _check_cron(expression, timezone)
    if not 0 <= jitter <= LONGEST:
        raise RequestError(f"A schedule cannot be spread over {jitter:g} seconds: say 0 to {LONGEST:g}.")


def following(rhythm: Rhythm, moment: datetime, *, offset: timedelta = timedelta()) -> datetime:
    """Gives the first time after a moment at which a rhythm fires, ``offset`` later than it says, in UTC."""
    match rhythm:
        case Every(seconds):
            step = round(seconds * 1_000_000)
            passed = (moment - offset - _EPOCH) // _MICROSECOND // step
            return _EPOCH + (passed + 1) * step * _MICROSECOND + offset
        case Cron(expression, timezone):
            told = (moment - offset).astimezone(ZoneInfo(timezone))
            return next(CronSim(expression, told)).astimezone(UTC) + offset


def offset_of(name: str, jitter: float) -> timedelta:
    """Gives how much later than its rhythm says a schedule fires: below ``jitter`` seconds, and always as much.

    It follows from the schedule's name, so that many schedules of one rhythm spread, and each keeps its distances.
    """
    share = int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=4).digest()) / 2**32
    return timedelta(seconds=jitter * share)


def _check_cron(expression: str, timezone: str) -> None:
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise RequestError(f"There is no time zone {timezone!r}: write a name such as 'Europe/Oslo'.") from None
    try:
        next(CronSim(expression, datetime(2024, 1, 1, tzinfo=zone)))
    except (CronSimError, StopIteration) as problem:  # the latter where nothing comes for 50 years
        raise RequestError(
            f"{expression!r} is no line of cron ({problem}): write minute, hour, day, month and weekday."
        ) from None
