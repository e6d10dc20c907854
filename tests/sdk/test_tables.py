"""Sync tables give pages, take edits, and may find out at run time what they are."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Annotated, Any

import pytest

from packsys.sdk import (
    Aim,
    Autocomplete,
    Context,
    Dynamic,
    HeaderBearerToken,
    Hint,
    Invocation,
    Number,
    ObjectSchema,
    Pack,
    Page,
    Property,
    Sync,
    TableAddress,
    Target,
    Text,
    Update,
    UserVisibleError,
)
from packsys.sdk.targets import invoke
from packsys.sdk.testing import ScriptedFetcher
from tests.sdk.declaring import a_pack, refused


def states(context: Context, typed: str) -> list[str]:
    return [each for each in ("open", "done") if each.startswith(typed)]


Task = ObjectSchema(
    "Task",
    id="Id",
    display="Title",
    properties={
        "id": Property(Number, required=True),
        "full_title": Property(Text, mutable=True),
        "Title": Property(Text, from_key="summary"),
        "state": Property(Text.shown_as(Hint.SELECT_LIST, options=states), mutable=True),
    },
)


def projects(context: Context, typed: str, given: dict[str, Any]) -> list[str]:
    return [f"{typed}-1"]


def rows(context: Context, project: Annotated[str, "Which project.", Autocomplete(projects)] = "all") -> Page:
    """Lists tasks."""
    start = context.sync.continuation.get("start", 0)
    after = {"start": start + 2} if start < 2 else None
    done = None if after else {"since": "2026-01-01"}
    found = [{"id": start + each, "full_title": project} for each in range(2)]
    return Page(found, continuation=after, completion=done)


def save(context: Context, updates: Sequence[Update]) -> list[Any]:
    return [
        UserVisibleError("It is locked.") if each.new["id"] == 7 else {**each.new, "fields": each.fields}
        for each in updates
    ]


def a_context(**terms: Any) -> Context:
    invocation = Invocation(pack="Trial", version="1.0.0", formula="")
    return Context(fetcher=ScriptedFetcher(), invocation=invocation, logger=logging.getLogger(), **terms)


def a_table_pack() -> Pack:
    pack = a_pack()
    pack.sync_table(schema=Task, name="Tasks")(rows)
    pack.update("Tasks", max_update_batch_size=10)(save)
    return pack


def test_a_table_is_read_page_by_page() -> None:
    pack, target = a_table_pack(), Target(aim=Aim.PAGE, name="Tasks")
    first = invoke(pack, target, a_context(), {})
    assert ([row["id"] for row in first.rows], first.continuation) == ([0, 1], {"start": 2})
    last = invoke(pack, target, a_context(sync=Sync(continuation=first.continuation)), {"project": "home"})
    assert (last.continuation, last.completion, last.rows[0]["full_title"]) == (None, {"since": "2026-01-01"}, "home")


def test_edits_go_back_under_the_keys_of_the_service() -> None:
    edits = [
        {"previous": {"Id": number}, "new": {"Id": number, "FullTitle": "x", "Title": "y"}, "fields": ["FullTitle"]}
        for number in (6, 7)
    ]
    saved, locked = invoke(a_table_pack(), Target(aim=Aim.UPDATE, name="Tasks"), a_context(), {"updates": edits})
    assert saved == {"id": 6, "full_title": "x", "summary": "y", "fields": ("full_title",)}
    assert isinstance(locked, UserVisibleError)


def test_a_table_offers_choices_for_parameters_and_properties() -> None:
    pack = a_table_pack()
    found = invoke(pack, Target(aim=Aim.AUTOCOMPLETE, name="Tasks", part="project", typed="a"), a_context(), {})
    assert found == [{"display": "a-1", "value": "a-1"}]
    options = invoke(pack, Target(aim=Aim.OPTIONS, name="Tasks", part="State", typed="d"), a_context(), {})
    assert options == [{"display": "done", "value": "done"}]


def test_fixed_choices_are_searched_in() -> None:
    pack = a_pack()

    @pack.formula()
    def pick(context: Context, colour: Annotated[str, "A colour.", Autocomplete("Red", "Green")]) -> str:
        """Picks a colour."""
        return colour

    target = Target(aim=Aim.AUTOCOMPLETE, name="Pick", part="colour", typed="RE")
    assert [each["value"] for each in invoke(pack, target, a_context(), {})] == ["Red", "Green"]


def test_a_dynamic_table_finds_out_what_it_is() -> None:
    pack = a_pack()
    dynamic = Dynamic(
        schema=lambda context: ObjectSchema("Row", id="Id", properties={"id": Text, context.sync.dynamic_url: Text}),
        tables=lambda context: [TableAddress(url="a", name="A"), TableAddress(url="b", name="B", has_tables=True)],
        search=lambda context, typed: [TableAddress(url=typed, name=typed)],
        name=lambda context: context.sync.dynamic_url.upper(),
    )
    pack.sync_table(dynamic=dynamic, name="Sheets")(rows)
    context = a_context(sync=Sync(dynamic_url="colour"))
    found = {aim: invoke(pack, Target(aim=aim, name="Sheets", typed="c"), context, {}) for aim in
             (Aim.TABLES, Aim.SEARCH_TABLES, Aim.TABLE_NAME, Aim.TABLE_SCHEMA)}  # fmt: skip
    assert [each.name for each in found[Aim.TABLES]] == ["A", "B"]
    assert [each.url for each in found[Aim.SEARCH_TABLES]] == ["c"]
    assert (found[Aim.TABLE_NAME], list(found[Aim.TABLE_SCHEMA].properties)) == ("COLOUR", ["Id", "Colour"])
    with pytest.raises(LookupError, match="does not tell its table page"):
        invoke(pack, Target(aim=Aim.TABLE_PAGE, name="Sheets"), context, {})


def test_a_pack_tells_about_its_account() -> None:
    pack = a_pack(domains=["example.com"], authentication=HeaderBearerToken())
    pack.connection_name(lambda context: "Ada")
    pack.connection_user_id(lambda context: "u1")
    pack.endpoint_step("Site")(lambda context: ["https://a.example.com"])
    context = a_context()
    assert invoke(pack, Target(aim=Aim.CONNECTION_NAME), context, {}) == "Ada"
    assert invoke(pack, Target(aim=Aim.CONNECTION_USER_ID), context, {}) == "u1"
    assert invoke(pack, Target(aim=Aim.ENDPOINTS, part="Site"), context, {})[0]["value"] == "https://a.example.com"


@pytest.mark.parametrize(
    "target",
    [
        Target(name="Nothing"),
        Target(aim=Aim.PAGE, name="Nothing"),
        Target(aim=Aim.AUTOCOMPLETE, name="Tasks", part="nothing"),
        Target(aim=Aim.OPTIONS, name="Tasks", part="Nothing"),
        Target(aim=Aim.CONNECTION_NAME),
        Target(aim=Aim.ENDPOINTS, part="Nothing"),
        Target(aim=Aim.TABLES, name="Tasks"),
    ],
    ids=lambda each: each.aim,
)
def test_what_is_not_there_is_said(target: Target) -> None:
    with pytest.raises(LookupError):
        invoke(a_table_pack(), target, a_context(), {})


def many(context: Context, *names: Annotated[str, "Names."]) -> Page:
    """Lists rows."""
    return Page([])


def silent(context: Context) -> Page:
    return Page([])


Nameless = ObjectSchema("Row", properties={"id": Text})
Clash = ObjectSchema("Row", id="Id", identity="Id", properties={"id": Text})


@pytest.mark.parametrize(
    ("function", "terms", "sentence"),
    [
        (rows, {}, "give it schema= or dynamic="),
        (rows, {"schema": Text}, "give it an ObjectSchema"),
        (rows, {"schema": Nameless}, "name the id of Row"),
        (rows, {"schema": Clash}, "is a property of its rows too"),
        (rows, {"schema": Task, "name": "the tasks"}, "begin with a letter"),
        (rows, {"schema": Task, "timeout": 90}, "at most 60 seconds"),
        (rows, {"schema": Task, "attempts": 0}, "1 to 10"),
        (rows, {"schema": Task, "connection": "required"}, "declares no authentication"),
        (rows, {"schema": Task, "isolation": "cold"}, "say 'fresh'"),
        (many, {"schema": Task}, "take a list instead"),
        (silent, {"schema": Task}, "Sync table Silent is not described"),
        (lambda: Page([]), {"schema": Task, "name": "X", "description": "X."}, "Sync table X takes no context"),
    ],
)
def test_a_table_is_refused(function: Callable[..., Page], terms: dict[str, Any], sentence: str) -> None:
    assert sentence in refused(lambda: a_pack().sync_table(**terms)(function))


def finding(count: int) -> ObjectSchema:
    choosing = Text.shown_as(Hint.SELECT_LIST, options=lambda context, typed: [])
    found = {f"p{number}": choosing if number % 2 else choosing.list() for number in range(count)}
    fixed = Text.shown_as(Hint.SELECT_LIST, options=["a"])
    return ObjectSchema("Row", id="Id", properties={"id": Text, "fixed": fixed, **found})


def test_a_table_has_fifty_functions_that_find_options_at_most() -> None:
    a_pack().sync_table(schema=finding(50))(rows)
    assert "has 51 functions that find options: write 50 at most" in refused(
        lambda: a_pack().sync_table(schema=finding(51))(rows)
    )


def test_two_tables_have_two_names_and_two_identities() -> None:
    pack = a_table_pack()
    assert "have the identity Task" in refused(lambda: pack.sync_table(schema=Task, name="Others")(rows))
    other = ObjectSchema("Other", id="Id", properties={"id": Text})
    assert "two sync tables TASKS" in refused(lambda: pack.sync_table(schema=other, name="TASKS")(rows))


@pytest.mark.parametrize(
    ("table", "function", "size", "sentence"),
    [
        ("Nothing", save, 1, "declare it first"),
        ("Tasks", save, 0, "say 1 to 1000"),
        ("Tasks", save, 1001, "say 1 to 1000"),
        ("Tasks", silent, 1, "take too little"),
        ("Fixed", save, 1, "mutable=True"),
    ],
)
def test_updates_are_refused(table: str, function: Callable[..., Any], size: int, sentence: str) -> None:
    pack = a_pack()
    pack.sync_table(schema=Task, name="Tasks")(rows)
    pack.sync_table(schema=ObjectSchema("Row", id="Id", properties={"id": Text}), name="Fixed")(rows)
    assert sentence in refused(lambda: pack.update(table, max_update_batch_size=size)(function))


def test_a_table_takes_its_updates_once() -> None:
    pack = a_table_pack()
    assert "two functions for its updates" in refused(lambda: pack.update("Tasks")(save))


@pytest.mark.parametrize(
    "terms",
    [
        {"continuation": {"at": object()}},
        {"continuation": {"at": float("nan")}},
        {"continuation": {"at": "x" * 70_000}},
        {"completion": ["at"]},
        {"continuation": {"at": 1}, "completion": {"since": 1}},
        {"continuation": {"at": 1}, "incomplete": True},
    ],
)
def test_a_page_that_cannot_be_kept_is_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"[Cc]ompletion|[Cc]ontinuation|completes"):
        Page([], **terms)


def test_updates_must_answer_for_every_row() -> None:
    pack = a_pack()
    pack.sync_table(schema=Task, name="Tasks")(rows)
    pack.update("Tasks")(lambda context, updates: [])
    edits = [{"previous": {}, "new": {"Id": 1}, "fields": []}]
    with pytest.raises(ValueError, match="0 results for 1 rows"):
        invoke(pack, Target(aim=Aim.UPDATE, name="Tasks"), a_context(), {"updates": edits})


def test_a_table_gives_pages() -> None:
    pack = a_pack()
    pack.sync_table(schema=Task, name="Tasks", description="Tasks.")(lambda context: [])  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match="give a Page"):
        invoke(pack, Target(aim=Aim.PAGE, name="Tasks"), a_context(), {})
