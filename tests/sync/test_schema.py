"""A table's schema is looked at before rows are checked against it."""

from __future__ import annotations

import pytest

from packsys.catalog.types import describe_schema
from packsys.errors import ResultMismatch
from packsys.sdk import Number, ObjectSchema, Property, Text
from packsys.sync.schema import SchemaCheck, fetched
from packsys.syncmodel import SyncClaim, SyncRun, SyncTable
from tests.sync.tables import TASK, Task

WRITTEN = describe_schema(Task)


def test_a_fetched_schema_is_read() -> None:
    assert describe_schema(fetched(WRITTEN, "Sheets")) == WRITTEN


@pytest.mark.parametrize("wrong", [None, 1, [], {}, {**WRITTEN, "id": ""}, {**WRITTEN, "id": "No"}, {"name": 1}])
def test_what_is_no_schema_is_refused(wrong: object) -> None:
    with pytest.raises(ResultMismatch, match="Sheets gave"):
        fetched(wrong, "Sheets")


def test_a_volatile_property_and_a_precision_survive_the_manifest() -> None:
    properties = {"Id": Text, "Seen": Property(Text, volatile=True), "Price": Property(Number, precision=0.01)}
    schema = ObjectSchema("Thing", id="Id", properties=properties)
    read = fetched(describe_schema(schema), "Things")
    assert (read.properties["Seen"].volatile, read.properties["Price"].precision) == (True, 0.01)
    assert describe_schema(read) == describe_schema(schema)


def test_a_check_is_compiled_once_for_a_table() -> None:
    check = SchemaCheck(lambda table: Task)
    table = SyncTable(id="t", workspace="w", pack_id=1, table="Tasks", timezone="Europe/Oslo")
    claim = SyncClaim(run=SyncRun(id="r", table="t", workspace="w"), table=table)
    (row,) = check(claim, [{**TASK, "changed_at": "2026-07-01T12:00"}]).rows
    assert "2026-07-01T10:00:00" in row.document
    assert check.checker(table) is check.checker(table)
