"""In which order a page is asked for, checked and kept."""

from __future__ import annotations

from dataclasses import replace

from packsys.sdk import ObjectSchema
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
