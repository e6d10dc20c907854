"""In which order a page is asked for, checked and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from packsys.sdk import ObjectSchema
from packsys.sync.paging import LONGEST_WAY
from packsys.sync.schema import SchemaCheck
from packsys.sync.shaping import schema_of
from packsys.syncmodel import SyncTable
from tests.sync.source import Source
from tests.sync.world import world


def test_the_next_page_is_asked_for_before_the_rows_of_this_one_are_checked() -> None:
    """Then its service works while this process does. The first page may change the schema, and is kept before."""
    source, asked = Source(rows={"a": 1, "b": 2, "c": 3}, size=1), list[int]()

    def schema(table: SyncTable) -> ObjectSchema:
        asked.append(len(source.asked))
        return schema_of(table)

    made = world(source, slice=9.0)
    read = replace(made.serve.read, check=SchemaCheck(schema))
    made = replace(made, serve=replace(made.serve, read=read))
    table = made.table()
    made.sync(table)
    assert set(asked) == {1, 3}
    assert made.values(table) == source.rows


@pytest.mark.parametrize(("took", "way"), [(0.0, 0.0), (0.01, 0.001), (5.0, LONGEST_WAY)])
def test_a_check_gives_way_to_who_asks_for_the_next_page(took: float, way: float) -> None:
    """For a part of what its page took: who answers at once is not waited for."""
    slept, ticks = list[float](), count()
    clock: Callable[[], float] = lambda: next(ticks) * took  # noqa: E731
    made = world(Source(rows={"a": 1, "b": 2}, size=1), slice=9.0)
    read = replace(made.serve.read, clock=clock, sleep=slept.append)
    made = replace(made, serve=replace(made.serve, read=read))
    made.sync(made.table())
    assert slept == pytest.approx([way, way])
