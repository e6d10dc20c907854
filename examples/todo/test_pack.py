"""The to-do pack reads pages, asks for what changed, and sends edits."""

from datetime import UTC, datetime
from pathlib import Path

from packsys.sandbox.loading import load_pack
from packsys.sdk import Aim, Sync, Target, UserVisibleError
from packsys.sdk.columns import format_of
from packsys.sdk.targets import invoke
from packsys.sdk.testing import ScriptedFetcher, a_context, run, standard_tests, sync

pack = load_pack(Path(__file__).parent)

TestStandard = standard_tests(pack)

MILK = {"id": "t1", "title": "Milk", "state": "open", "project": {"id": "p1", "name": "Home"}}
BREAD = {"id": "t2", "title": "Bread", "state": "done"}


def test_a_table_is_read_to_its_end() -> None:
    fetcher = ScriptedFetcher().answer("/tasks", query={"project": "p1"}, json={"items": [MILK], "next": "c2"})
    fetcher.answer("/tasks", query={"project": "p1", "cursor": "c2"}, json={"items": [BREAD]})
    with fetcher:
        rows = sync(pack, "Tasks", project="p1", fetcher=fetcher)
    assert [(row["Title"], row["Project"]) for row in rows] == [("Milk", {"Id": "p1", "Name": "Home"}), ("Bread", None)]


def test_the_next_run_asks_for_what_changed() -> None:
    fetcher = ScriptedFetcher().answer("/tasks", query={"changed_since": "2026-01-01"}, json={"items": []})
    fetcher.answer("/tasks", json={"items": [], "deleted": ["t1"]})
    assert sync(pack, "Tasks", previous={"since": "2026-01-01"}, fetcher=fetcher) == []
    began = Sync(started_at=datetime(2026, 2, 1, tzinfo=UTC))
    target, context = Target(aim=Aim.PAGE, name="Tasks"), a_context(pack, "Tasks", fetcher=fetcher, sync=began)
    page = invoke(pack, target, context, {})
    assert (page.completion, page.deleted) == ({"since": "2026-02-01T00:00:00+00:00"}, ["t1"])


def test_edits_are_sent_one_by_one() -> None:
    fetcher = ScriptedFetcher()
    fetcher.answer(
        "/tasks/t1", method="PATCH", request_body=b'{"title":"Oat milk"}', json={**MILK, "title": "Oat milk"}
    )
    fetcher.answer("/tasks/t2", method="PATCH", status=409)
    edits = [
        {"previous": {"Id": "t1", "Title": "Milk"}, "new": {"Id": "t1", "Title": "Oat milk"}, "fields": ["Title"]},
        {"previous": {"Id": "t2", "State": "done"}, "new": {"Id": "t2", "State": "open"}, "fields": ["State"]},
    ]
    with fetcher:
        context = a_context(pack, "Tasks", fetcher=fetcher)
        saved, refused = invoke(pack, Target(aim=Aim.UPDATE, name="Tasks"), context, {"updates": edits})
    assert saved["title"] == "Oat milk"
    assert isinstance(refused, UserVisibleError)


def test_adding_a_task_is_safe_to_repeat() -> None:
    fetcher = ScriptedFetcher()
    fetcher.answer("/tasks", method="POST", request_headers={"Idempotency-Key": "k1"}, json=MILK)
    assert run(pack, "AddTask", "Milk", fetcher=fetcher, idempotency_key="k1")["Title"] == "Milk"


def test_a_pasted_address_becomes_a_task() -> None:
    found = format_of([*pack.column_formats.values()], "https://todo.example/tasks/t1")
    fetcher = ScriptedFetcher().answer("/tasks/t1", json=MILK)
    assert found is not None
    assert run(pack, found.formula, "https://todo.example/tasks/t1", fetcher=fetcher)["Title"] == "Milk"


def test_projects_and_the_account_have_names() -> None:
    fetcher = ScriptedFetcher().answer("/projects", json={"items": [{"id": "p1", "name": "Home"}]})
    fetcher.answer("/me", json={"name": "Ada"})
    assert sync(pack, "Projects", fetcher=fetcher)[0]["Name"] == "Home"
    assert invoke(pack, Target(aim=Aim.CONNECTION_NAME), a_context(pack, "", fetcher=fetcher), {}) == "Ada"
