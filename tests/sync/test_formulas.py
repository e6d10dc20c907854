"""Formulas read synced tables: what the database answers is what the language makes of all rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from packsys.catalog.types import describe_schema
from packsys.errors import FormulaError, PacksysError, TooMuch
from packsys.language.compile import compile_formula
from packsys.language.invocation import Invocation
from packsys.language.limits import Budget
from packsys.language.scope import FixedScope
from packsys.model import Submission
from packsys.planner.rounds import Finished, next_wave
from packsys.runtime.scope import Compile
from packsys.sdk import Boolean, Date, DateTime, Duration, Number, ObjectSchema, Property, Text
from packsys.store.database import Database, open_database
from packsys.store.syncanswer import answer
from packsys.sync.answering import MOST_ROWS, AnswerTables
from packsys.syncmodel import NewRow, PageRows, SyncTable
from packsys.syncquery import question
from packsys.values import ErrorValue, Value, from_json, to_json
from tests.ports.synchouse import SyncHouse, strict, syncs_in_memory, syncs_in_postgres
from tests.runtime.world import World, world

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TASK = ObjectSchema(
    "Task",
    id="Id",
    properties={
        "Id": Property(Text, required=True),
        "Name": Property(Text),
        "Size": Property(Number),
        "Done": Property(Boolean),
        "Due": Property(Date),
        "Seen": Property(DateTime),
        "Took": Property(Duration),
        "Tags": Property(Text.list()),
    },
)


@dataclass(frozen=True)
class Desk:
    """Runs formulas over one house of sync tables, and counts what is asked."""

    house: SyncHouse
    bounds: Mapping[str, int] = field(default_factory=dict)

    def table(self, rows: Mapping[str, Mapping[str, Any]], **terms: Any) -> SyncTable:
        """Keeps a table with rows by key."""
        schema = describe_schema(TASK)
        kept = self.house.table(**{"table": "Tasks", "schema": schema, "guard": strict(), **terms})
        self.house.sync(kept, PageRows(rows=[new_row(key, values) for key, values in rows.items()]))
        return kept

    @property
    def reader(self) -> AnswerTables:
        """Gives what answers formulas."""
        return AnswerTables(tables=self.house.tables, runs=self.house.runs, rows=self.house.rows, **self.bounds)

    def scope(self, variables: Mapping[str, Value], workspace: str = "default") -> FixedScope:
        """Gives what a formula of a workspace can name."""
        listed = self.house.tables.list(workspace=workspace)
        known = [found for each in listed if (found := self.reader.by_id(each.id, workspace=workspace))]
        return FixedScope(variables=variables, tables=known)

    def answer(self, call: Invocation, workspace: str = "default") -> Value:
        """Answers a call as a worker does, and as it is kept."""
        try:
            found: Value = self.reader.answer(call.arguments, workspace=workspace)
        except PacksysError as error:
            return ErrorValue.of(error)
        return from_json(to_json(found))

    def run(self, formula: str, **variables: Value) -> tuple[Value, list[str]]:
        """Gives a formula's value, and the calls that led to it."""
        tree = compile_formula(formula, self.scope(variables)).tree
        outcomes, calls = dict[str, Value](), list[str]()
        while True:
            found = next_wave(tree, variables=variables, outcomes=outcomes, now=NOW, timezone="UTC")
            if isinstance(found, Finished):
                return found.value, calls
            calls += [call.formula for call in found.invocations]
            outcomes |= {call.key: self.answer(call) for call in found.invocations}


def new_row(key: str, values: Mapping[str, Any]) -> NewRow:
    document = json.dumps({"Id": key, **values})
    return NewRow(key=key, document=document, digest=hashlib.blake2b(document.encode(), digest_size=16).digest())


def language(formula: str, **variables: Value) -> Value:
    """Gives a formula's value without any table."""
    tree = compile_formula(formula, FixedScope(variables=variables)).tree
    found = next_wave(tree, variables=variables, outcomes={}, now=NOW, timezone="UTC")
    assert isinstance(found, Finished)
    return found.value


def told(value: Value) -> str:
    """Writes a value so that 1 and 1.0 differ, and an error without its place."""
    return f"{value.code}: {value.message}" if isinstance(value, ErrorValue) else json.dumps(to_json(value))


@pytest.fixture
def database(database_url: str) -> Database:
    return open_database(database_url)


@pytest.fixture(params=["memory", "postgres"])
def desk(request: pytest.FixtureRequest) -> Desk:
    if request.param == "memory":
        return Desk(syncs_in_memory())
    return Desk(syncs_in_postgres(open_database(request.getfixturevalue("database_url"))))


# What a database must not get wrong.

TEXTS = [
    "",
    "a",
    "A",
    "ab",
    "b",
    "é",
    "e\u0301",
    "\u6d4b\u8bd5",
    "%",
    "_",
    "\\",
    "10",
    "9",
    "true",
    " a",
    "\U0001f600",
    "\uffff",
]
NUMBERS = [0, 1, -1, 9, 10, 2**53, 2**53 + 1, 2**70, 10**300, 0.1, 0.30000000000000004, 0.3, -0.5, 1e-7, 1.5]
DATES = ["0001-01-01", "2024-02-29", "2026-01-31", "2026-02-01", "9999-12-31"]
MOMENTS = ["2026-01-31T00:00:00.000000+00:00", "2026-01-31T10:00:00.000001+00:00", "0001-01-01T00:00:00.000000+00:00"]
LONGS = [0, 86_400_000_000, -1, 3_600_000_000, 10**15]
USUAL: Mapping[str, Sequence[Any]] = {
    "Name": TEXTS,
    "Size": NUMBERS,
    "Done": [True, False],
    "Due": DATES,
    "Seen": MOMENTS,
    "Took": LONGS,
}
ODD = [
    5,
    "x",
    True,
    "2026-02-30",
    "20260131",
    "2025-02-29",
    "",
    [1],
    {"a": 1},
    1.5,
    "0000-01-01",
    "2026-01-31T10:00:00Z",
]
CONSTANTS = [
    *(json.dumps(text, ensure_ascii=False) for text in TEXTS),
    *map(repr, NUMBERS),
    *("true", "false", "Blank()", "List()", "1e22", "1e-300", "Now()", "Today()"),
    *(f'ToDate("{day}")' for day in DATES),
    'ToDateTime("2026-01-31T12:00:00+02:00")',
    'ToDateTime("2026-01-31T00:00:00")',
    *("Days(1)", "Hours(1)", "Duration(0)", "v", "w", "v + 1", "1 / 0"),
]
SCALARS = [*USUAL]
SIGNS = ["=", "!=", "<", "<=", ">", ">="]


def columns() -> st.SearchStrategy[str]:
    return st.sampled_from(SCALARS).map(lambda name: f"CurrentValue.{name}")


def constants() -> st.SearchStrategy[str]:
    return st.sampled_from(CONSTANTS)


def fitting() -> st.SearchStrategy[str]:
    """Compares a column with what it may hold."""
    pairs = [("Name", text) for text in CONSTANTS[: len(TEXTS)]]
    pairs += [("Size", repr(number)) for number in NUMBERS]
    pairs += [("Due", f'ToDate("{day}")') for day in DATES] + [("Took", "Hours(1)"), ("Took", "Days(1)")]
    pairs += [("Seen", "Now()"), ("Seen", "Today()"), ("Seen", 'ToDateTime("2026-01-31T12:00:00+02:00")')]
    return st.builds("CurrentValue.{0[0]} {1} {0[1]}".format, st.sampled_from(pairs), st.sampled_from(SIGNS))


def conditions() -> st.SearchStrategy[str]:
    texts = st.sampled_from(["ContainsText", "StartsWith", "EndsWith"])
    leaf = st.one_of(
        fitting(),
        fitting(),
        st.builds("{} {} {}".format, columns(), st.sampled_from(SIGNS), constants()),
        st.builds("{} {} {}".format, constants(), st.sampled_from(SIGNS), columns()),
        st.builds("{}({})".format, st.sampled_from(["IsBlank", "IsNotBlank"]), columns()),
        st.just("CurrentValue.Done"),
        st.builds("{}(CurrentValue.Name, {})".format, texts, constants()),
        st.builds("List({}, {}).Contains({})".format, constants(), constants(), columns()),
        st.builds("{}.In(List({}, {}))".format, columns(), constants(), constants()),
        st.just("Length(CurrentValue.Name) > 1"),
        st.just("CurrentValue.Size * 2 > 3"),
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds("({}) and ({})".format, inner, inner),
            st.builds("({}) or ({})".format, inner, inner),
            st.builds("Not({})".format, inner),
        ),
        max_leaves=4,
    )


def formulas() -> st.SearchStrategy[str]:
    places = st.integers(-1, 5)
    middle = st.one_of(
        st.just(""),
        st.builds(".Sort({}, {})".format, st.sampled_from(["true", "false"]), columns()),
        st.builds(".Slice({}, {})".format, places, places),
    )
    end = st.one_of(
        st.sampled_from(["", ".First()", ".Last()", ".Count()", ".CountAll()", ".First().Name", ".Last().Size"]),
        st.builds(".{}".format, st.sampled_from([*SCALARS, "Tags"])),
        st.builds(
            ".{}.{}()".format,
            st.sampled_from(SCALARS),
            st.sampled_from(["Count", "CountAll", "Sum", "Average", "Min", "Max", "First", "Last"]),
        ),
        st.builds(".CountIf({})".format, conditions()),
    )
    filters = st.lists(st.builds(".Filter({})".format, conditions()), max_size=2).map("".join)
    return st.builds("{}{}{}".format, filters, middle, end)


def values(odd: bool) -> st.SearchStrategy[dict[str, Any]]:
    kinds = {name: st.sampled_from([*usual, *(ODD if odd else [])]) for name, usual in USUAL.items()}
    tags = {"Tags": st.lists(st.sampled_from(TEXTS), max_size=2)}
    return st.fixed_dictionaries({}, optional={**kinds, **tags})


def tables() -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    keys = st.sampled_from([*"abcdefZ", "é", "10", "9"])
    return st.sampled_from([False, False, True]).flatmap(lambda odd: st.dictionaries(keys, values(odd), max_size=7))


def agree(
    desk: Desk, rows: Mapping[str, Mapping[str, Any]], asked: Sequence[str], variables: Mapping[str, Value]
) -> None:
    kept = desk.table(rows, name="Tasks")
    try:
        read, _ = desk.run("[Tasks]")
        for formula in asked:
            found, _ = desk.run(f"[Tasks]{formula}", **variables)
            assert told(found) == told(language(f"rows{formula}", rows=read, **variables)), formula
    finally:
        desk.house.tables.forget(kept.id)


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # to shrink takes minutes where each try asks a server
VARIABLES = st.fixed_dictionaries(
    {
        "v": st.sampled_from([None, "", "a", 1, 0.1, True, [1, "a"], {"a": 1}]),
        "w": st.sampled_from(["a\0b", "\ud800", 10**30]),
    }
)


@settings(max_examples=30, deadline=None)
@given(rows=tables(), asked=st.lists(formulas(), min_size=1, max_size=5), variables=VARIABLES)
def test_what_memory_answers_is_what_the_language_makes_of_all_rows(
    rows: dict[str, dict[str, Any]], asked: list[str], variables: dict[str, Value]
) -> None:
    agree(Desk(syncs_in_memory()), rows, asked, variables)


@pytest.mark.slow
@pytest.mark.parametrize("examples", [20, pytest.param(60, marks=pytest.mark.long)])
def test_what_postgres_answers_is_what_the_language_makes_of_all_rows(database: Database, examples: int) -> None:
    desk = Desk(syncs_in_postgres(database))

    @settings(max_examples=examples, deadline=None, report_multiple_bugs=False, phases=PHASES)
    @given(rows=tables(), asked=st.lists(formulas(), min_size=1, max_size=8), variables=VARIABLES)
    def holds(rows: dict[str, dict[str, Any]], asked: list[str], variables: dict[str, Value]) -> None:
        agree(desk, rows, asked, variables)

    holds()


ROWS: Mapping[str, Mapping[str, Any]] = {
    "a": {"Name": "open", "Size": 3, "Done": False, "Due": "2026-01-31"},
    "b": {"Name": "open", "Size": 5, "Done": True, "Due": "2026-02-28"},
    "c": {"Name": "shut", "Size": 1, "Tags": ["x"]},
    "d": {"Size": 9},
}


ASKED: Sequence[tuple[str, Value, list[str]]] = [
    ('[Tasks].Filter(Name = "open").Count()', 2, ["Count"]),
    ('Tasks.CountIf(Name = "open" and not Done)', 1, ["Count"]),
    ("[Tasks].Size.Sum()", 18, ["Sum"]),
    ("Average([Tasks].Filter(Size < 9).Size)", 3, ["Average"]),
    ("[Tasks].Due.Max() - [Tasks].Due.Min()", timedelta(days=28), ["Max", "Min"]),
    ("[Tasks].Sort(false, Size).First().Id", "d", ["First"]),
    ("[Tasks].Sort(by: Size).Slice(2, 3).Id.Join()", "ab", ["Read"]),
    ("[Tasks].Filter(Size > [Tasks].Size.Average()).Count()", 2, ["Average", "Count"]),
    ('[Tasks].Filter(Size > 2 and Length(Name) = 4).Id.Join(" ")', "a b", ["Read"]),
    ("[Tasks].Filter(Tags.Contains('x')).Count()", 1, ["Read"]),
    ("[Tasks].Name.Count()", 3, ["Count"]),
    ("[Tasks].Count() + [Tasks].Count()", 8, ["Count"]),
    ("If(true, 1, [Tasks].Count())", 1, []),
    (
        "List(1, 5).FormulaMap(CurrentValue.WithName(least, [Tasks].Filter(Size > least).Count())).Join()",
        "31",
        ["Count"] * 2,
    ),
]


def test_as_much_as_possible_is_asked_of_the_database(desk: Desk) -> None:
    desk.table(ROWS)
    assert [(formula, *desk.run(formula)) for formula, _, _ in ASKED] == [*ASKED]


def test_the_rows_that_the_first_conditions_leave_out_are_not_read(desk: Desk) -> None:
    desk.table({str(number): {"Size": number, "Name": "x"} for number in range(9)})
    small = replace(desk, bounds={"most_rows": 3})
    assert small.run("[Tasks].Filter(Size < 3 and Length(Name) = 1).Count()") == (3, ["Read"])


def test_a_table_that_is_too_large_is_refused_with_the_number_and_what_helps(desk: Desk) -> None:
    desk.table({str(number): {"Size": number} for number in range(9)})
    small = replace(desk, bounds={"most_rows": 8})
    error, _ = small.run("[Tasks].FormulaMap(Size * 2).Sum()")
    assert isinstance(error, ErrorValue)
    assert (error.code, error.actor) == ("Budget", "author")
    assert "reads 9 rows of the table 'Tasks', at most 8 are allowed: put Filter, First" in error.message
    assert small.run("[Tasks].Size.Sum()") == (36, ["Sum"])
    assert small.run("[Tasks].Size.Median()") == (4, ["Read"])
    assert small.run("[Tasks].Slice(2, 9).FormulaMap(Size).Sum()") == (36, ["Read"])
    assert (MOST_ROWS, Budget().width) == (5_000, 5_000)


def test_values_and_bytes_are_bounded_as_well(desk: Desk) -> None:
    desk.table({str(number): {"Name": "x" * 100} for number in range(9)})
    for bounds, told in (({"most_values": 8}, "9 values"), ({"most_bytes": 900}, "918 bytes")):
        error, _ = replace(desk, bounds=bounds).run("[Tasks].Name.Join()")
        assert isinstance(error, ErrorValue)
        assert f"reads {told} of the table 'Tasks'" in error.message


def test_deleted_rows_are_not_read(desk: Desk) -> None:
    kept = desk.table(ROWS)
    desk.house.sync(kept, PageRows(rows=[new_row("a", ROWS["a"])]))
    assert desk.run("[Tasks].Count()")[0] == 1
    assert desk.run("[Tasks].Id.Join()")[0] == "a"


def test_a_sum_of_fractions_is_reckoned_by_the_language(desk: Desk) -> None:
    desk.table({"a": {"Size": 0.1}, "b": {"Size": 0.2}, "c": {}})
    assert desk.run("[Tasks].Size.Sum()") == (0.3, ["Sum", "Read"])


def test_a_table_is_another_workspaces_or_gone(desk: Desk) -> None:
    kept = desk.table(ROWS, name="Jobs")
    call = Invocation(
        key="0" * 32,
        pack_id=0,
        pack="Tables",
        version="",
        formula="Count",
        account=None,
        arguments={"table": kept.id, "name": "Jobs", "query": {"give": "count"}},
    )
    assert desk.answer(call) == [4]
    for workspace in ("elsewhere", "default"):
        error = desk.answer(call, workspace=workspace)
        assert isinstance(error, ErrorValue)
        assert (error.code, error.actor) == ("TableGone", "author")
        assert "'Jobs'" in error.message
        desk.house.tables.forget(kept.id)


def test_a_table_that_was_never_synced_to_its_end_gives_no_half_answer(desk: Desk) -> None:
    kept = desk.house.table(table="Tasks", schema=describe_schema(TASK))
    run = desk.house.start(kept)
    desk.house.read(run, PageRows(rows=[new_row("a", {})], continuation={"at": 1}))
    error, _ = desk.run("[Tasks].Count()")
    assert isinstance(error, ErrorValue)
    assert (error.code, error.actor) == ("NeverSynced", "author")
    assert "never been synced to its end" in error.message


def test_a_column_that_became_of_another_kind_is_looked_at_by_the_language(desk: Desk) -> None:
    kept = desk.table(ROWS)
    tree = compile_formula("[Tasks].Filter(Size > 2).Count()", desk.scope({})).tree
    changed = ObjectSchema("Task", id="Id", properties={**TASK.properties, "Size": Property(Text)})
    desk.house.tables.shape(kept.id, describe_schema(changed))
    outcomes = dict[str, Value]()
    while not isinstance(found := next_wave(tree, variables={}, outcomes=outcomes, now=NOW, timezone="UTC"), Finished):
        outcomes |= {call.key: desk.answer(call) for call in found.invocations}
    assert found.value == 3


def test_a_question_that_takes_too_long_ends_and_says_so(database: Database) -> None:
    kept = Desk(syncs_in_postgres(database)).table({str(number): {"Due": "2026-01-31"} for number in range(3000)})
    asked = question({"give": "count", "where": ["blank", "Due", "date"]})
    with database.connect() as connection:
        connection.exec_driver_sql("set statement_timeout = 1")
        with pytest.raises(TooMuch, match="too many rows to be looked at"):
            answer(connection, kept.id, asked, most=1, size=1)


# As steps of jobs.


def over(desk: Desk) -> World:
    """Wires a house of jobs over the tables."""
    made = world()
    submit = replace(made.submit, compile=replace(cast("Compile", made.submit.compile), tables=desk.reader))
    return replace(made.calling(tables=desk.reader), submit=submit)


def test_what_is_asked_of_a_table_is_a_step_beside_those_of_packs(desk: Desk) -> None:
    desk.table(ROWS)
    jobs = over(desk)
    job = jobs.run('[Tasks].Filter(Name = "open").Count() + Probe::Add(1, 2)')
    assert (job.value, jobs.waves(job.id)) == (5, [["Tables::Count", "Probe::Add"]])


def test_an_answer_is_recorded_once_and_another_job_asks_anew(desk: Desk) -> None:
    kept = desk.table(ROWS)
    jobs = over(desk)
    job = jobs.submit(Submission(formula="[Tasks].Count() + Probe::Add(0, 0)"))
    jobs.deliver(jobs.messages.waiting[0])
    desk.house.sync(kept, PageRows(rows=[new_row("a", ROWS["a"])]))
    jobs.settle()
    assert jobs.house.jobs.get(job.id).value == len(ROWS)
    assert jobs.run("[Tasks].Count() + Probe::Add(0, 0)").value == 1


def test_a_table_that_is_deleted_meanwhile_fails_the_job_and_says_who_must_act(desk: Desk) -> None:
    kept = desk.table(ROWS)
    jobs = over(desk)
    job = jobs.submit(Submission(formula="[Tasks].Count()"))
    desk.house.tables.forget(kept.id)
    jobs.settle()
    error = jobs.house.jobs.get(job.id).error
    assert error is not None
    assert (error.code, error.actor) == ("TableGone", "author")
    assert error.message == "The table 'Tasks' was deleted: sync it again, or name another one."


def test_a_formula_knows_the_tables_of_its_own_workspace(desk: Desk) -> None:
    desk.table(ROWS, workspace="elsewhere")
    with pytest.raises(FormulaError, match="Nothing here is called 'Tasks'"):
        over(desk).submit(Submission(formula="[Tasks].Count()"))
