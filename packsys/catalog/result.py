"""Adapts what pack code gives to what its formula declared."""

from __future__ import annotations

from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packsys import sdk
from packsys.errors import ResultMismatch
from packsys.sdk.fitting import Bounds, Misfit, fit
from packsys.values import Value


def adapt(
    raw: object, declared: sdk.Type, *, call: str = "The pack", timezone: str = "UTC", bounds: Bounds | None = None
) -> Value:
    """Fits a raw result to its declared type, as :func:`packsys.sdk.fitting.fit` says.

    ``call`` is named in the message: ``GitHub::Repos``. Raises :class:`~packsys.errors.ResultMismatch` with the
    place in the result, what was declared there and what was found.
    """
    try:
        return cast("Value", fit(raw, declared, zone=_zone(timezone), bounds=bounds))
    except Misfit as misfit:
        raise ResultMismatch(f"{call} gave a result that does not fit its declaration: {misfit}.") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")
