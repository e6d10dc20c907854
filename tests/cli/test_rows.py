"""`packsys pack rows` reads a sync table in this process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packsys.cli.main import cli
from packsys.errors import PacksysError

SOURCE = '''
from datetime import date
from typing import Annotated
from packsys.sdk import Context, Date, Dynamic, Number, ObjectSchema, Pack, Page, Property, Text

pack = Pack(id=9301, name="Rows", version="1.0.0", description="For a test.")
Owner = ObjectSchema("Owner", id="Id", display="Name", properties={"id": Number, "name": Text})
Row = ObjectSchema("Row", id="Id", display="Title", properties={
    "at": Date, "title": Text, "id": Property(Number, required=True), "tags": Text.list(), "owner": Owner.reference()})


@pack.sync_table(schema=Row)
def things(context: Context, since: Annotated[date, "When."], many: Annotated[int, "How many."] = 3) -> Page:
    """Lists things."""
    n = context.sync.continuation.get("n", 0)
    row = {"id": n, "title": f"[red]{n}", "tags": ["a", "b"], "at": since, "owner": {"id": 7, "name": "Ada"}}
    return Page([row], continuation={"n": n + 1} if n + 1 < many else None)


@pack.sync_table(dynamic=Dynamic(schema=lambda context: ObjectSchema(
    "Sheet", id="Id", properties={"id": Text, context.sync.dynamic_url: Number})))
def sheets(context: Context) -> Page:
    """Reads a sheet."""
    return Page([{"id": "one", context.sync.dynamic_url: 5}])


@pack.sync_table(schema=ObjectSchema("Circle", id="Id", properties={"id": Number}))
def circles(context: Context) -> Page:
    """Never ends."""
    return Page([], continuation={"n": 1})
'''


@pytest.fixture
def place(tmp_path: Path) -> str:
    (tmp_path / "pack.py").write_text(SOURCE)
    return str(tmp_path)


def packsys(*words: str) -> Result:
    """Runs a command."""
    return CliRunner().invoke(cli, ("pack", "rows", *words))


def test_it_shows_the_rows_of_all_pages(place: str) -> None:
    lines = packsys(place, "things", "--arg", "since=2026-01-02").stdout.splitlines()
    assert lines[0].split() == ["Id", "Title", "At", "Tags", "Owner"]
    assert lines[1].split() == ["0", "[red]0", "2026-01-02", "a,", "b", "Ada"]
    assert lines[-1] == "3 rows on 3 pages"


def test_it_stops_after_as_many_pages_as_were_asked_for(place: str) -> None:
    done = packsys(place, "Things", "--arg", "since=2026-01-02", "--arg", "many=9", "--pages", "1")
    assert done.stdout.splitlines()[-1] == "1 row on 1 page; there are more: say --pages"


def test_it_reads_one_of_several_tables_and_prints_json(place: str) -> None:
    done = packsys(place, "sheets", "--url", "amount", "--json")
    assert json.loads(done.stdout) == [{"Id": "one", "Amount": 5}]


REFUSED = {
    "an unknown table": (("thing",), "Rows has no sync table 'thing': did you mean 'Things'?"),
    "an unknown parameter": (("things", "--arg", "sinse=1"), "Things has no parameter 'sinse': did you mean 'since'?"),
    "a value that does not fit": (("things", "--arg", "since=soon"), "since must be a date, but is the text 'soon'."),
    "a blank": (("things",), "since is blank: give it a value."),
    "a table without an end": (("circles",), "Circles gave one continuation twice: it would never end."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read_is_said(place: str, name: str) -> None:
    words, said = REFUSED[name]
    error = packsys(place, *words).exception
    assert isinstance(error, PacksysError)
    assert error.message == said
