"""A pack in JavaScript is asked as one in Python is, and its answers are checked before they are believed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from packsys.errors import BrokenPack, NotConnected, PackRaised, ResultMismatch
from packsys.language.invocation import Invocation
from packsys.ports import Call, Inquiry, World
from packsys.sdk import Location, Page, Sync, TableAddress, UserVisibleError
from packsys.sdk.targets import Aim, Target
from tests.sandbox.javascript.packs import VERSION, Answers, Bench, answer_of

HERE = Path(__file__).parent
PAGES = {
    "names": "{result: [{id: '1', title: 't', more: 1}, {TaskId: '2', Title: 'u', owner: {name: 'Ada', x: 1}}]}",
    "arguments": "{result: [{id: list, title: since.toISOString(), state: JSON.stringify(sync)}]}",
    "continued": "{result: [], continuation: {page: 2}, completion: {incrementalContinuation: {at: 1}}}",
    "completed": "{result: [], completion: {incrementalContinuation: {at: 1}}, deletedRowIds: ['7', 8]}",
    "incomplete": "{result: [], completion: {hasIncompleteResults: true}, deletedItemIds: ['7']}",
    "versions": "{result: [{id: '1', title: JSON.stringify(await versions(context, ['1', '2']))}]}",
    "nobody": "{result: [{id: '1', owner: null}]}",
    "no page": "'rows'",
    "no list": "{result: 5}",
    "text for a row": "{result: ['row']}",
    "a flood": "{result: [], continuation: {all: 'x'.repeat(100000)}}",
    "a list for a continuation": "{result: [], continuation: [1]}",
    "objects deleted": "{result: [], deletedRowIds: [{}]}",
    "a function": "{result: [{id: () => 1}]}",
}


@pytest.fixture(scope="module")
def pack(bench: Bench) -> int:
    pages = [f"{name!r}: async (list, since, {{sync, ...context}}) => ({page})" for name, page in PAGES.items()]
    before = f"const pages = {{{', '.join(pages)}}};"
    return bench.shelf.add({"bundle.js": before.encode() + (HERE / "asked.js").read_bytes()})


def ask(bench: Bench, pack: int, target: Target, *, answers: Answers | None = None, **terms: Any) -> Any:
    given = {"arguments": terms.pop("arguments", {}), "account": terms.pop("account", None)}
    world = World(fetcher=answers or Answers(), timeout=20.0, **terms)
    return bench.sandbox.ask(Inquiry(pack_id=pack, version=VERSION, target=target, world=world, **given))


def page(bench: Bench, pack: int, name: str, **terms: Any) -> Any:
    given = {"list": name, **terms.pop("arguments", {})}
    return ask(bench, pack, Target(aim=Aim.PAGE, name="Tasks"), arguments=given, **terms)


def test_rows_come_under_the_keys_of_the_service(bench: Bench, pack: int) -> None:
    assert page(bench, pack, "names") == Page(
        [{"id": "1", "title": "t"}, {"id": "2", "title": "u", "owner": {"name": "Ada"}}]
    )


def test_null_for_an_object_is_one_without_properties(bench: Bench, pack: int) -> None:
    """As the SDK's own harness has it."""
    assert page(bench, pack, "nobody").rows == [{"id": "1", "owner": {}}]


def test_arguments_come_in_declared_order_and_with_what_the_table_knows(bench: Bench, pack: int) -> None:
    since = datetime(2026, 1, 2, tzinfo=UTC)
    sync = Sync(continuation={"page": 2}, previous={"at": 1})
    (row,) = page(bench, pack, "arguments", arguments={"since": since}, sync=sync).rows
    assert (row["id"], row["title"]) == ("arguments", "2026-01-02T00:00:00.000Z")
    assert row["state"] == (
        '{"continuation":{"page":2},"parameters":{"list":"arguments","since":"2026-01-02T00:00:00.000Z"},'
        '"previousCompletion":{"incrementalContinuation":{"at":1}}}'
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("continued", Page([], continuation={"page": 2})),
        ("completed", Page([], completion={"at": 1}, deleted=("7", 8))),
        ("incomplete", Page([], incomplete=True, deleted=("7",))),
    ],
)
def test_a_page_says_what_comes_after_it(bench: Bench, pack: int, name: str, expected: Page) -> None:
    assert page(bench, pack, name) == expected


def test_versions_of_rows_are_told_where_the_host_knows_them(bench: Bench, pack: int) -> None:
    (row,) = page(bench, pack, "versions", sync=Sync(row_versions={"1": "v7", "3": "v9"})).rows
    assert row["title"] == '{"1":"v7"}'


@pytest.mark.parametrize(
    "name",
    ["no page", "no list", "text for a row", "a flood", "a list for a continuation", "objects deleted"],
)
def test_a_page_that_is_none_is_refused(bench: Bench, pack: int, name: str) -> None:
    with pytest.raises(ResultMismatch):
        page(bench, pack, name)


def test_a_page_that_cannot_be_carried_is_the_makers(bench: Bench, pack: int) -> None:
    with pytest.raises(PackRaised, match="could not be cloned"):
        page(bench, pack, "a function")


def edit(title: str, *fields: str) -> Mapping[str, Any]:
    return {"previous": {"TaskId": "1", "Title": "a"}, "new": {"TaskId": "1", "Title": title}, "fields": fields}


def test_updates_give_a_row_or_an_error_each(bench: Bench, pack: int) -> None:
    updates = [edit("b", "Title", "State"), edit("user"), edit("bad")]
    given = {"list": "x", "updates": updates}
    row, refused, failed = ask(bench, pack, Target(aim=Aim.UPDATE, name="Tasks"), arguments=given)
    assert row == {"id": "1", "title": "b", "state": "title,state"}
    assert (type(refused), str(refused)) == (UserVisibleError, "No.")
    assert (type(failed), str(failed)) == (UserVisibleError, f"pack {pack}::Tasks raised TypeError: oops")


@pytest.mark.parametrize(
    ("target", "found"),
    [
        (Target(aim=Aim.AUTOCOMPLETE, name="Find", part="what", typed="ab"),
         [{"display": "ab", "value": "ab"}, {"display": "D", "value": {"given": 1}}]),
        (Target(aim=Aim.OPTIONS, name="Tasks", part="State", typed="op"),
         [{"display": "State", "value": "State"}, {"display": "O", "value": "op"}]),
        (Target(aim=Aim.OPTIONS, name="Tasks", part="Size"),
         [{"display": "S", "value": "S"}, {"display": "Large", "value": "L"}]),
        (Target(aim=Aim.ENDPOINTS, part="Site"), [{"display": "One", "value": "https://one.example"}]),
        (Target(aim=Aim.CONNECTION_USER_ID), "42"),
        (Target(aim=Aim.TABLES, name="Forms"),
         [TableAddress(url="x:u1", name="Lunch", has_tables=True), TableAddress(url="y", name="y")]),
        (Target(aim=Aim.SEARCH_TABLES, name="Forms", typed="lu"), [TableAddress(url="z", name="lu")]),
        (Target(aim=Aim.TABLE_NAME, name="Forms"), "Form u1"),
        (Target(aim=Aim.TABLE_PAGE, name="Forms"), "u1"),
    ],
)  # fmt: skip
def test_whatever_tells_about_a_pack_can_be_asked(bench: Bench, pack: int, target: Target, found: Any) -> None:
    assert ask(bench, pack, target, arguments={"given": 1}, sync=Sync(dynamic_url="u1")) == found


def test_an_account_is_named_with_a_request(bench: Bench, pack: int) -> None:
    answers = Answers(answer_of({"name": "Ada"}))
    assert ask(bench, pack, Target(aim=Aim.CONNECTION_NAME), answers=answers, account="a") == "Ada"
    assert [each.url for each in answers.requests] == ["/me"]


def test_a_schema_comes_as_manifests_write_it(bench: Bench, pack: int) -> None:
    schema = ask(bench, pack, Target(aim=Aim.TABLE_SCHEMA, name="Forms"), sync=Sync(dynamic_url="u1"))
    assert (schema["identity"], schema["id"], schema["description"]) == ("Answer", "Key", "u1")
    assert {name: each["from_key"] for name, each in schema["properties"].items()} == {
        "Key": "key",
        "Property2ndDish": "f2",
    }
    assert ask(bench, pack, Target(aim=Aim.TABLE_SCHEMA, name="Tasks"))["id"] == "TaskId"


def test_a_dynamic_table_knows_its_schema_whoever_found_it(bench: Bench, pack: int) -> None:
    target, sync = Target(aim=Aim.PAGE, name="Forms"), Sync(dynamic_url="u1")
    assert ask(bench, pack, target, sync=sync).rows == [{"key": "1", "f2": "key,2nd dish"}]
    schema = ask(bench, pack, Target(aim=Aim.TABLE_SCHEMA, name="Forms"), sync=sync)
    known = Sync(dynamic_url="u1", schema=schema)
    assert ask(bench, pack, target, sync=known).rows == [{"key": "1", "f2": "Key,Property2ndDish"}]


def test_edits_of_a_dynamic_table_go_back_under_its_keys(bench: Bench, pack: int) -> None:
    change = {"previous": {"Key": "1"}, "new": {"Key": "1", "Property2ndDish": "Soup"}, "fields": ["Property2ndDish"]}
    target = Target(aim=Aim.UPDATE, name="Forms")
    assert ask(bench, pack, target, arguments={"updates": [change]}) == [{"key": "f2", "f2": "Soup"}]


@pytest.mark.parametrize(
    "target",
    [
        Target(aim=Aim.PAGE, name="Nothing"),
        Target(aim=Aim.TABLE_NAME, name="Tasks"),
        Target(aim=Aim.AUTOCOMPLETE, name="Nothing", part="what"),
        Target(aim=Aim.OPTIONS, name="Tasks", part="Title"),
        Target(aim=Aim.OPTIONS, name="Tasks", part="Nothing"),
        Target(aim=Aim.ENDPOINTS, part="Nothing"),
    ],
)
def test_what_a_pack_has_not_is_told(bench: Bench, pack: int, target: Target) -> None:
    with pytest.raises(BrokenPack):
        ask(bench, pack, target)


def run(bench: Bench, pack: int, formula: str, *, account: str | None = None) -> Any:
    release = bench.sandbox.release(pack, VERSION, name="Test")
    invocation = Invocation(
        key="0" * 32, pack_id=pack, pack="Test", version=VERSION, formula=formula, account=account, arguments={}
    )
    world = World(
        fetcher=Answers(),
        timeout=20.0,
        timezone="Asia/Shanghai",
        locale="de-CH",
        endpoint="https://one.example",
        idempotency_key="job:step",
        token="obviously-fake",
        location=Location(base_url="https://packsys.example", document="d", user="u"),
    )
    return bench.sandbox.run(Call(formula=release.formulas[formula], invocation=invocation, world=world))


def test_a_formula_finds_its_world(bench: Bench, pack: int) -> None:
    assert run(bench, pack, "World", account="a") == {
        "timezone": "Asia/Shanghai",
        "locale": "de-CH",
        "endpoint": "https://one.example",
        "invocationToken": "obviously-fake",
        "invocationLocation": {"protocolAndHost": "https://packsys.example", "docId": "d", "userId": "u"},
        "authenticationName": "defaultUserAuthentication",
    }


def test_a_formula_for_other_accounts_is_not_run(bench: Bench, pack: int) -> None:
    with pytest.raises(NotConnected, match="team"):
        run(bench, pack, "Only", account="a")
