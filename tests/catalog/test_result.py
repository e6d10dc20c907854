"""A result that does not fit is an error of the pack's maker, with its place."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from packsys.catalog.result import adapt
from packsys.errors import ResultMismatch
from packsys.sdk import DateTime, Number


def test_a_misfit_names_the_call_and_the_place() -> None:
    with pytest.raises(ResultMismatch) as caught:
        adapt([1, "many"], Number.list(), call="Trial::Things")
    assert caught.value.message == (
        "Trial::Things gave a result that does not fit its declaration: "
        "result[2] must be a number, but is the text 'many'."
    )


@pytest.mark.parametrize(("timezone", "meant"), [("Asia/Shanghai", "Asia/Shanghai"), ("No/Where", "UTC"), ("", "UTC")])
def test_dates_are_read_in_the_zone_of_the_job(timezone: str, meant: str) -> None:
    moment = adapt("2026-11-22T12:00:00", DateTime, timezone=timezone)
    assert moment == datetime(2026, 11, 22, 12, tzinfo=ZoneInfo(meant))
