"""Streams that others wrote to test what stores rows, with the outcomes that they must have.

They come from the wheel of singer-sdk. What is between two messages STATE is a page; another SCHEMA begins another run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from packsys.sdk import Anything, Boolean, Context, Dynamic, Number, ObjectSchema, Pack, Page, Property, Text, Type
from packsys.store.database import Database
from packsys.syncmodel import Counts, Mode, RunState, SyncRun, SyncTable
from packsys.values import from_json
from tests.ports.synchouse import syncs_in_postgres
from tests.sync.source import PACK
from tests.sync.world import World, world

Streams: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]

pytestmark = [pytest.mark.slow, pytest.mark.setup]

WHEEL = "singer-sdk==0.54.9"
SPEAKS: Mapping[str, Type] = {"integer": Number, "number": Number, "string": Text, "boolean": Boolean}
NO_KEY = (
    "no_primary_keys", "no_primary_keys_append", "pk_updates", "record_missing_required_property",
    "schema_no_properties",
)  # fmt: skip
"""Streams without a key: a synced row has one, so these are refused. That of ``pk_updates`` is in a wrong place."""


@pytest.fixture(scope="session")
def streams(tmp_path_factory: pytest.TempPathFactory) -> Streams:
    """Gives the messages of each file; skips where no package index can be reached."""
    folder = tmp_path_factory.mktemp("singer")
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), WHEEL]
    if subprocess.run(install, check=False, capture_output=True).returncode:
        pytest.skip("singer-sdk cannot be had here: there is no package index.")
    files = (folder / "singer_sdk/testing/target_test_streams").glob("*.singer")
    return {file.stem: [json.loads(line) for line in file.read_text("utf-8").splitlines() if line] for file in files}


@dataclass
class Tap:
    """Is what a run of one stream reads: what its schema was said to be before its records, and pages."""

    message: Mapping[str, Any] | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    pages: list[list[Mapping[str, Any]]] = field(default_factory=lambda: [[]])


def taps(messages: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Tap]]:
    """Gives what each run reads, with the name of its stream."""
    begun: dict[str, Tap] = {}
    for message in messages:
        match message:
            case {"type": "SCHEMA", "stream": stream}:
                if stream in begun:
                    yield stream, begun[stream]
                begun[stream] = Tap(message, {name: key for key, name in named(message).items()})
            case {"type": "RECORD", "stream": stream, "record": record}:
                begun.setdefault(stream, Tap()).pages[-1].append(record)
            case {"type": "STATE"}:
                for each in begun.values():
                    each.pages.append([])
    yield from begun.items()


def named(message: Mapping[str, Any]) -> Mapping[str, str]:
    """Gives the names of properties by their keys: numbers, for a key may be any text."""
    return {key: f"P{number}" for number, key in enumerate(message["schema"].get("properties", {}))}


def shaped(message: Mapping[str, Any]) -> ObjectSchema:
    """Reads a schema."""
    names, required, ids = named(message), message["schema"].get("required", []), message.get("key_properties", [])
    properties = {
        names[key]: Property(typed(each), from_key=key, required=key in required or key in ids)
        for key, each in message["schema"].get("properties", {}).items()
    }
    return ObjectSchema("Record", id=next((names[key] for key in ids), ""), properties=properties)


def typed(declared: Mapping[str, Any]) -> Type:
    """Reads a type of JSON Schema, as far as the streams have one; of several the first."""
    found = declared.get("anyOf", [declared])[0].get("type", "object")
    kind = next((each for each in found if each != "null"), "") if isinstance(found, list) else found
    if kind == "array" and declared["items"].get("type") in SPEAKS:
        return SPEAKS[declared["items"]["type"]].list()
    return SPEAKS.get(kind, Anything)


def pack_over(tap: list[Tap]) -> Pack:
    """Makes a pack that reads the last tap."""
    pack = Pack(id=PACK, name="Singer", version="1.0.0", description="Reads a stream.")

    @pack.sync_table(dynamic=Dynamic(schema=lambda context: shaped(tap[-1].message) if tap[-1].message else None))
    def things(context: Context) -> Page:
        """Reads the pages in their order."""
        number = context.sync.continuation.get("page", 0)
        more = number + 1 < len(tap[-1].pages)
        rows = [dict(each) for each in tap[-1].pages[number]]
        return Page(rows, continuation={"page": number + 1} if more else None, completion=None if more else {"at": 1})

    return pack


@dataclass
class Fed:
    """Is a house that was fed some streams, each into a table of its own."""

    world: World
    tap: list[Tap]
    tables: dict[str, SyncTable] = field(default_factory=dict)
    keys: dict[str, Mapping[str, str]] = field(default_factory=dict)
    runs: list[SyncRun] = field(default_factory=list)

    def feed(self, messages: Sequence[Mapping[str, Any]]) -> None:
        """Runs what messages say, each run to its end."""
        for stream, tap in taps(messages):
            self.tap.append(tap)
            self.keys[stream] = tap.keys
            if stream not in self.tables:
                self.tables[stream] = self.world.table(table="Things")
            self.runs.append(self.world.sync(self.tables[stream], mode=Mode.INCREMENTAL))

    def rows(self, stream: str) -> list[dict[str, Any]]:
        """Gives the rows of a stream under the service's keys."""
        kept, keys = self.world.house.values(self.tables[stream]), self.keys[stream]
        return in_order({keys[name]: from_json(value) for name, value in values.items()} for values in kept.values())

    @property
    def counts(self) -> Counts:
        """Adds up what became of rows."""
        return sum((run.counts for run in self.runs), Counts())


def in_order(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Gives rows without blanks, as they are kept, in an order."""
    return sorted(map(_plain, rows), key=lambda row: json.dumps(row, sort_keys=True))


@pytest.fixture
def fed(database: Database) -> Fed:
    """Gives a house that was fed nothing yet."""
    tap: list[Tap] = []
    return Fed(world(house=syncs_in_postgres(database), pack=pack_over(tap), slice=10.0), tap)


def records(messages: Sequence[Mapping[str, Any]]) -> dict[str, dict[Any, Mapping[str, Any]]]:
    """Gives what must be kept of messages: the last record of each key, by stream."""
    kept: dict[str, dict[Any, Mapping[str, Any]]] = {}
    keys: dict[str, str] = {}
    for message in messages:
        if message["type"] == "SCHEMA":
            [keys[message["stream"]]] = message["key_properties"]
        elif message["type"] == "RECORD":
            record = message["record"]
            kept.setdefault(message["stream"], {})[record[keys[message["stream"]]]] = record
    return kept


WHOLE = (
    "array_data", "camelcase", "duplicate_records", "encoded_string_data", "multiple_state_messages",
    "optional_attributes", "record_missing_fields", "schema_updates", "special_chars_in_attributes",
    "user_location_data", "user_location_upsert_data",
)  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_a_stream_is_kept_as_it_is_and_changes_nothing_when_it_comes_again(
    streams: Streams, fed: Fed, name: str
) -> None:
    messages = streams[name]
    fed.feed(messages)
    assert all(run.state is RunState.SUCCEEDED for run in fed.runs)
    for stream, wanted in records(messages).items():
        assert fed.rows(stream) == in_order(wanted.values())
    fed.runs.clear()
    fed.feed(messages)
    repeats = name in ("duplicate_records", "schema_updates")
    assert (fed.counts.added, fed.counts.updated if not repeats else 0) == (0, 0)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """Gives a record as rows are kept: without blanks, and without U+0000."""
    written = json.dumps({key: value for key, value in row.items() if value is not None})
    return dict(json.loads(written.replace("\\u0000", "\\ufffd")))


def test_of_records_with_one_key_the_last_one_counts(streams: Streams, fed: Fed) -> None:
    fed.feed(streams["duplicate_records"])
    assert fed.rows("test_duplicate_records") == [{"id": 1, "metric": 100}, {"id": 2, "metric": 20}]
    assert fed.counts == Counts(rows=5, added=2, repeated=3)


def test_each_state_is_a_page(streams: Streams, fed: Fed) -> None:
    messages = streams["multiple_state_messages"]
    fed.feed(messages)
    states = sum(message["type"] == "STATE" for message in messages)
    assert {run.page for run in fed.runs} == {states + 1}


def test_properties_are_added(streams: Streams, fed: Fed) -> None:
    fed.feed(streams["schema_updates"])
    schema = fed.world.house.tables.get(fed.tables["test_schema_updates"].id).schema
    assert schema is not None
    assert len(fed.rows("test_schema_updates")) == 6
    assert len(schema["properties"]) == 7


def test_a_schema_without_records_is_taken_and_added_to(streams: Streams, fed: Fed) -> None:
    fed.feed(streams["camelcase_complex_schema"])
    [table] = fed.tables.values()
    schema = fed.world.house.tables.get(table.id).schema
    assert schema is not None
    assert [run.state for run in fed.runs] == [RunState.SUCCEEDED] * 2
    assert (len(schema["properties"]), fed.counts) == (15, Counts())


def test_a_schema_that_is_none_fails_the_run(streams: Streams, fed: Fed) -> None:
    fed.feed(streams["invalid_schema"])
    assert [(run.state, run.error.code) for run in fed.runs if run.error] == [(RunState.FAILED, "PackRaised")]


def test_a_record_before_its_schema_fails_the_run_and_not_the_next_one(streams: Streams, fed: Fed) -> None:
    fed.feed(streams["record_before_schema"])
    assert [run.state for run in fed.runs] == [RunState.FAILED, RunState.SUCCEEDED]
    assert [run.error.code for run in fed.runs if run.error] == ["ResultMismatch"]
    assert fed.rows("test_record_before_schema") == [{"id": 2, "metric": 3728}]


def test_another_key_stops_the_table_and_keeps_its_rows(streams: Streams, fed: Fed) -> None:
    """The stream has its keys inside of its schemas, where nobody looks for them: here they are put right."""
    messages = [
        {**message, "key_properties": message["schema"]["key_properties"]} if "schema" in message else message
        for message in streams["pk_updates"]
    ]
    fed.feed(messages)
    assert [run.state for run in fed.runs] == [RunState.SUCCEEDED, RunState.FAILED]
    assert [run.error.code for run in fed.runs if run.error] == ["SchemaBroken"]
    assert fed.rows("example_stream") == [{"id": 1, "name": "Alice", "email": "alice@example.com"}]


def test_each_stream_is_used(streams: Streams) -> None:
    others = {"camelcase_complex_schema", "invalid_schema", "record_before_schema", "record_missing_key_property"}
    assert {*WHOLE, *NO_KEY, *others} == set(streams)


def test_a_record_without_its_key_is_set_aside(streams: Streams, fed: Fed) -> None:
    fed.feed(streams["record_missing_key_property"])
    [letter] = fed.world.house.rows.dead_letters(fed.tables["test_record_missing_key_property"].id)
    assert (letter.reject.reasons[0].rule, fed.counts) == ("required", Counts(rows=1, rejected=1))


@pytest.mark.parametrize("name", NO_KEY)
def test_a_stream_without_a_key_is_refused(streams: Streams, fed: Fed, name: str) -> None:
    fed.feed(streams[name])
    assert {run.error.code for run in fed.runs if run.error} == {"ResultMismatch"}
    assert all(run.state is RunState.FAILED for run in fed.runs)
