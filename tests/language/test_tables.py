"""What names of synced tables and their columns mean, and what is asked of a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from packsys.errors import FormulaError
from packsys.language.codec import dumps, loads
from packsys.language.compile import Compiler, compile_formula
from packsys.language.drawing import drawn
from packsys.language.editor import completions, hover
from packsys.language.forms import readable, stored
from packsys.language.nodes import FunctionCall, Member, TableRead
from packsys.language.scope import FixedScope, KnownConnection, KnownTable
from packsys.language.signature import Kind, Shape
from packsys.language.tables import filled
from packsys.planner.plan import plan_of
from packsys.values import Value
from tests.language.catalogue import GITHUB
from tests.language.trees import unplaced

COLUMNS = {
    "Name": Shape(Kind.TEXT),
    "Size": Shape(Kind.NUMBER),
    "Done": Shape(Kind.BOOLEAN),
    "Due": Shape(Kind.DATE),
    "Tags": Shape(Kind.LIST, item=Shape(Kind.TEXT)),
}
TASKS = KnownTable(id="t-1", name="Tasks", columns=COLUMNS)
SCOPE = FixedScope(
    packs=(GITHUB,),
    tables=(TASKS, KnownTable(id="t-2", name="GitHub", columns=COLUMNS), KnownTable(id="t-3", name="New")),
    variables={"least": 3, "mine": "ada"},
)
KEPT = "$$[table:t-1:::false:false:Tasks]"
NO_COLUMN = "This object has no property 'Nam'; it has Name, Size, Done, Due, Tags"
NO_COLUMNS = "The table 'New' has never been synced, so its columns are not known: sync it first"


def read_of(formula: str, scope: FixedScope = SCOPE) -> TableRead:
    tree = compile_formula(formula, scope).tree
    assert isinstance(tree, TableRead)
    return tree


def refusal(formula: str, scope: FixedScope = SCOPE) -> FormulaError:
    with pytest.raises(FormulaError) as refused:
        compile_formula(formula, scope)
    return refused.value


# Names.


@pytest.mark.parametrize("written", ["[Tasks]", "Tasks", "tasks", KEPT, "$$[grid:t-1:::false:false:Other]"])
def test_a_table_goes_by_its_name_or_its_id(written: str) -> None:
    assert (read_of(written).table, read_of(written).query) == ("t-1", {"give": "rows"})


def test_a_formula_that_was_bound_keeps_its_table_whatever_gets_the_name() -> None:
    kept = stored("[Tasks].Filter(Size > least).Count()", SCOPE)
    assert kept == f"{KEPT}.Filter(Size > least).Count()"
    renamed = replace(SCOPE, tables=(replace(TASKS, name="Old tasks"), replace(TASKS, id="t-9")))
    assert read_of(kept, renamed).table == "t-1"
    assert readable(kept, renamed) == "[Old tasks].Filter(Size > least).Count()"
    gone = replace(SCOPE, tables=(replace(TASKS, id="t-9"),))
    assert refusal(kept, gone).message == "There is no table 't-1' (Tasks) here: sync it, or name another one"
    assert readable(kept, gone) == kept


def test_a_new_table_changes_no_formula_that_named_something_else() -> None:
    account = KnownConnection(id="c", pack_id=1013, name="Tasks")
    named = replace(SCOPE, connections=(account,))
    assert "AccountRef" in repr(compile_formula("GitHub::Repos([Tasks])", named).tree)
    assert "Variable" in repr(compile_formula("[Tasks]", replace(SCOPE, variables={"Tasks": 1})).tree)
    assert "PackCall" in repr(compile_formula("GitHub.Repo('u')", SCOPE).tree)
    assert read_of("[GitHub].Count()").table == read_of("GitHub.Count()").table == "t-2"


def test_a_formula_is_bound_anew_when_a_table_changes() -> None:
    compiler = Compiler()
    before = compiler.compile("[Tasks].Count()", SCOPE)
    assert compiler.compile("[Tasks].Count()", SCOPE) is before
    other = replace(SCOPE, tables=(replace(TASKS, columns={"Name": Shape(Kind.TEXT)}),))
    assert compiler.compile("[Tasks].Count()", other) is not before


@pytest.mark.parametrize(
    ("formula", "kind", "message", "suggestions"),
    [
        ("[Task].Count()", "UnknownName", "Nothing here is called 'Task'", ("Tasks",)),
        ("[Tasks].Filter(Siz > 1)", "UnknownName", "Nothing here is called 'Siz'", ("Size",)),
        ("[Tasks].Nam", "UnknownMember", NO_COLUMN, ("Name",)),
        ("[New]", "NeverSynced", NO_COLUMNS, ()),
    ],
)  # fmt: skip
def test_a_name_that_is_wrong_is_said(formula: str, kind: str, message: str, suggestions: tuple[str, ...]) -> None:
    error = refusal(formula)
    assert (error.kind, error.message) == (kind, message)
    assert error.suggestions[: len(suggestions)] == suggestions


def test_of_two_tables_with_one_name_the_id_decides() -> None:
    twice = replace(SCOPE, tables=(TASKS, replace(TASKS, id="t-9", name="tasks")))
    assert refusal("[Tasks]", twice).message.startswith("Several tables are called 'Tasks' (t-1 and t-9)")
    assert read_of(KEPT, twice).table == "t-1"


def test_an_editor_knows_tables_and_their_columns() -> None:
    (found,) = [each for each in completions("[Ta", 3, SCOPE) if each.kind == "table"]
    assert (found.label, found.insert, found.start) == ("Tasks", "[Tasks]", 0)
    offered = completions("[Tasks].Filter(S", 16, SCOPE)
    assert (offered[0].label, offered[0].kind) == ("Size", "column")
    for text, place in (("[Tasks].Count()", 2), (KEPT, 5)):
        said = hover(text, place, SCOPE)
        assert said is not None
        assert (said.title, said.text) == ("Tasks", "Is a synced table; its columns are Name, Size, Done, Due, Tags.")


# What is asked.


@pytest.mark.parametrize(
    ("formula", "query"),
    [
        ("[Tasks].Filter(Name = 'x')", {"where": ["and", [["is", "Name", "text", "=", "x"]]], "give": "rows"}),
        ("[Tasks].CountIf(not Done)",
         {"where": ["and", [["not", ["is", "Done", "boolean", "=", True]]]], "give": "count"}),
        ("[Tasks].CountIf(5 < Size)", {"where": ["and", [["is", "Size", "number", ">", 5]]], "give": "count"}),
        ("[Tasks].CountIf(Name = 5)", {"where": ["and", [["flat", False]]], "give": "count"}),
        ("[Tasks].CountIf(Size != Blank())",
         {"where": ["and", [["not", ["blank", "Size", "number"]]]], "give": "count"}),
        ("[Tasks].Sort(false, Size).Slice(2, 3)", {"sort": ["Size", "number", True], "slice": [1, 3], "give": "rows"}),
        ("[Tasks].First().Name", {"column": ["Name", "text"], "give": "first"}),
        ("[Tasks].Tags", {"column": ["Tags", None], "give": "rows"}),
        ("[Tasks].Size.Average()", {"column": ["Size", "number"], "give": "average"}),
    ],
)  # fmt: skip
def test_what_is_asked(formula: str, query: dict[str, object]) -> None:
    read = read_of(formula)
    values: list[Value] = [getattr(each, "value", None) for each in read.values]  # constants, or a blank
    assert filled(read.query, values) == query


@pytest.mark.parametrize(
    "formula",
    [
        "[Tasks].Filter(Length(Name) = 1)",  # a function that only the language knows
        "[Tasks].Filter(Size = Random())",  # another value for each row
        "[Tasks].Filter(Name = GitHub::Repo(Name).Owner)",  # a call for each row
        "[Tasks].Filter(GitHub::Repo('u').Archived or Done)",  # a call that need not be made
        "[Tasks].Filter(ContainsText(Name, 'x', true))",  # letters of either case
        "[Tasks].Filter(Tags = List())",
        "[Tasks].Sort()",
        "[Tasks].Name.Sort()",
        "[Tasks].Slice(1, 3).Count()",
        "Sum([Tasks].Size, 1)",
        "[Tasks].Name.Sum()",
        "[Tasks].Name.Max()",
    ],
)
def test_what_only_the_language_knows_is_not_asked(formula: str) -> None:
    assert isinstance(compile_formula(formula, SCOPE).tree, FunctionCall | Member)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (["is", "Size", "number", "<", 0], "x"),  # an error for each row that has a size
        (["is", "Due", "date", "=", 0], "2026-01-31T10:00:00"),
        (["is", "Name", "text", "=", 0], "a\0"),  # what PostgreSQL keeps no text of
        (["in", "Name", "text", 0], ["x"] * 101),
    ],
)
def test_what_might_come_out_otherwise_is_not_asked(query: list[object], value: Value) -> None:
    given: Value = datetime.fromisoformat(value) if query[1] == "Due" and isinstance(value, str) else value
    assert filled({"where": query, "give": "rows"}, [given]) is None


def test_a_plan_shows_one_step_for_what_is_asked_in_one() -> None:
    plan = plan_of(compile_formula("[Tasks].Filter(Size > [Tasks].Size.Max() / 2).Count()", SCOPE).tree)
    assert [(step.call, step.depends_on) for step in plan.steps] == [("Tables::Max", ()), ("Tables::Count", ("s1",))]


@pytest.mark.parametrize("more", ["", " and Length(Name) = 1"])
def test_questions_inside_each_other_grow_with_the_formula_only(more: str) -> None:
    formula = "1"
    for _ in range(50):
        formula = f"[Tasks].Filter(Size > {formula}{more}).Size.Max()"
    tree = compile_formula(formula, SCOPE).tree
    assert len(dumps(tree)) < 60 * len(formula)
    assert len(plan_of(tree).steps) == 50
    assert len(str(drawn(tree))) < 60 * len(formula)


def test_a_drawing_shows_what_is_meant_whoever_does_it() -> None:
    picture = drawn(compile_formula("[Tasks].Count()", SCOPE).tree)
    assert (picture["name"], [part["kind"] for part in picture["parts"]]) == ("Count", ["table"])


def test_a_read_is_written_and_read_back_and_grows_with_the_formula_only() -> None:
    formula = "[Tasks].Filter(Size > least and Name = mine).Sort(by: Due).Slice(1, least).Size.Sum()"
    tree = compile_formula(formula, SCOPE).tree
    assert unplaced(loads(dumps(tree))) == unplaced(tree)
    assert len(dumps(tree)) < 60 * len(formula)
