"""GitHub's tables: what they ask for, where they go on, and what the stand-in's rows become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from packs.github.pack import pack
from packsys.connections.envelope import Envelope
from packsys.egress.guard import EgressPolicy
from packsys.egress.http import HttpEgress
from packsys.errors import PacksysError
from packsys.memory import MemoryAnswers
from packsys.model import Connection
from packsys.ports import Fetcher, Inquiry, World
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sdk import Page
from packsys.sdk.surroundings import Sync
from packsys.sdk.tables import Course
from packsys.sdk.targets import Aim, Target
from packsys.sdk.testing import ScriptedFetcher, sync
from packsys.sync.checking import Checker
from packsys.sync.references import references
from tests.egress.world import HERE, credentials, sealed
from tests.fakeapi import FakeGitHub
from tests.fakeapi.world import Issue

PACKS = InProcessPacks([pack])
STARTED = datetime(2026, 9, 1, 12, tzinfo=UTC)
ASKED = {"sort": "created", "direction": "asc", "per_page": "100"}
ISSUES = Checker(pack.sync_tables["Issues"].schema)  # type: ignore[arg-type]
REPOS = Checker(pack.sync_tables["Repos"].schema)  # type: ignore[arg-type]


@pytest.fixture
def api() -> Iterator[FakeGitHub]:
    with FakeGitHub() as started:
        yield started


@pytest.fixture
def fetcher(api: FakeGitHub) -> Fetcher:
    """Gives the house's own way out, which keeps answers and asks whether they are still the same."""
    egress = HttpEgress(
        credentials=credentials(),
        policy=EgressPolicy(allowed_networks=HERE),
        answers=MemoryAnswers(lambda: STARTED),
        envelope=Envelope(bytes(32), purpose="answers.1"),
    )
    release = PACKS.by_id(pack.id)
    assert release is not None
    row = Connection(id="c", workspace="w", pack_id=pack.id, name="hereisfun", sealed=b"", endpoint=api.url)
    return egress.open(release, sealed(row, api.token))


def pages(fetcher: Fetcher, table: str, *, previous: Mapping[str, Any] | None = None, **arguments: Any) -> list[Page]:
    """Reads a table to its end, as the host does."""
    state, found, course = Sync(started_at=STARTED, previous=previous or {}), list[Page](), Course()
    following: Mapping[str, Any] | None = {}
    while following is not None:
        world = World(fetcher=fetcher, timeout=10.0, sync=state)
        target = Target(aim=Aim.PAGE, name=table)
        asked = Inquiry(pack_id=pack.id, version=pack.version, target=target, world=world, arguments=arguments)
        found.append(PACKS.ask(asked))
        following = course.after(found[-1].continuation, found[-1].partitions)
        state = replace(state, continuation=following or {})
    return found


def keys(read: list[Page], check: Checker) -> list[str]:
    checked = [check(page.rows) for page in read]
    assert [reject for each in checked for reject in each.rejects] == []
    assert [row.notes for each in checked for row in each.rows if row.notes] == []
    return [row.key for each in checked for row in each.rows]


# Repositories.


def test_every_repository_is_a_row(fetcher: Fetcher, api: FakeGitHub) -> None:
    reachable = ("hereisfun", "tea-house-labs", "open-tides")
    expected = {str(each.id) for each in api.world.repositories if each.owner in reachable}
    found = keys(pages(fetcher, "Repos"), REPOS)
    assert (set(found), len(found)) == (expected, len(expected))


def test_an_owners_repositories_are_asked_for_by_name() -> None:
    with ScriptedFetcher().answer("/users/octo-org/repos", query=ASKED, json=[]) as service:
        assert sync(pack, "Repos", owner="@octo-org", fetcher=service) == []


# Issues of one repository.


def test_every_issue_of_a_repository_is_a_row_with_its_reference(fetcher: Fetcher, api: FakeGitHub) -> None:
    read = pages(fetcher, "Issues", repository="https://github.com/hereisfun/abacus")
    expected = {str(each.id) for each in api.world.issues["hereisfun/abacus"]}
    assert set(keys(read, ISSUES)) == expected
    (reference,) = references(ISSUES.schema)
    assert (reference.identity, reference.path, reference.id) == ("Repository", ("Repository",), "Id")
    assert {raw["repository"]["id"] for page in read for raw in page.rows} == {990301544101}


def test_a_run_gives_where_changes_begin_counted_from_its_start(fetcher: Fetcher) -> None:
    """Counted from its end, whatever changed while it was reading would be lost."""
    read = pages(fetcher, "Issues", repository="hereisfun/abacus")
    assert [page.completion for page in read] == [None] * (len(read) - 1) + [{"since": "2026-09-01T11:55:00Z"}]


def test_the_next_run_asks_for_changes_only(fetcher: Fetcher, api: FakeGitHub) -> None:
    completion = pages(fetcher, "Issues", repository="hereisfun/abacus")[-1].completion
    changed, *others = api.world.issues["hereisfun/abacus"]
    changed = replace(changed, title="Changed", updated_at="2026-09-01T11:58:00Z")
    new = Issue(id=990999, number=999, title="New", author="inkstone", updated_at="2026-09-01T13:00:00Z")
    api.world = replace(api.world, issues={**api.world.issues, "hereisfun/abacus": (changed, *others, new)})
    read = pages(fetcher, "Issues", repository="hereisfun/abacus", previous=completion)
    expected = {str(each.id) for each in (changed, *others, new) if each.updated_at >= "2026-09-01T11:55:00Z"}
    assert {str(changed.id), "990999"} <= expected
    assert set(keys(read, ISSUES)) == expected


def test_pages_follow_links() -> None:
    repository = {"id": 1, "full_name": "octocat/hello"}
    issue = {"id": 5, "number": 1, "title": "x", "state": "open", "html_url": "https://github.com/o/h/issues/1"}
    following = "https://api.github.com/repositories/1/issues?page=2&per_page=100"
    service = ScriptedFetcher().answer("/repos/octocat/hello", json=repository)
    linked = {"Link": f'<{following}>; rel="next"'}
    service.answer("/repos/octocat/hello/issues", query={**ASKED, "state": "all"}, headers=linked, json=[issue])
    service.answer(following, query={}, json=[{**issue, "id": 6, "labels": ["a", {"name": "b"}]}])
    with service:
        rows = sync(pack, "Issues", repository="octocat/hello", fetcher=service)
    assert [row["Id"] for row in rows] == [5, 6]
    assert rows[1]["Labels"] == ["a", "b"]
    assert rows[1]["Repository"] == {"Id": 1, "FullName": "octocat/hello"}


# Issues of all repositories.


def test_the_issues_of_all_repositories_are_read_as_a_partition_for_each(fetcher: Fetcher, api: FakeGitHub) -> None:
    read = pages(fetcher, "Issues")
    reachable = ("hereisfun/", "tea-house-labs/", "open-tides/")
    named = {name: own for name, own in api.world.issues.items() if name.startswith(reachable)}
    assert set(keys(read, ISSUES)) == {str(each.id) for own in named.values() for each in own}
    repositories = {str(each.id) for each in api.world.repositories if f"{each.owner}/".startswith(reachable)}
    assert {name for page in read for name in page.partitions} == repositories
    assert not any(page.incomplete for page in read)
    last = [page.completion for page in read if page.continuation is None]
    assert last == [{"since": "2026-09-01T11:55:00Z"}] * (len(repositories) + 1)


@pytest.mark.parametrize(("status", "incomplete"), [(404, True), (451, True), (410, False)])
def test_a_repository_that_cannot_be_read_leaves_the_run_incomplete_unless_it_has_no_issues(
    fetcher: Fetcher, api: FakeGitHub, status: int, incomplete: bool
) -> None:
    api.misbehave("/repos/hereisfun/cloud-diary/issues", status=status)
    read = pages(fetcher, "Issues", owner="hereisfun")
    assert any(page.incomplete for page in read) is incomplete
    assert keys(read, ISSUES)
    assert {raw["repository"]["full_name"] for page in read for raw in page.rows} >= {"hereisfun/tea-timer"}


def test_a_repository_that_was_named_and_is_gone_is_an_error(fetcher: Fetcher, api: FakeGitHub) -> None:
    api.misbehave("/repos/hereisfun/abacus/issues", status=404)
    with pytest.raises(PacksysError):
        pages(fetcher, "Issues", repository="hereisfun/abacus")


def test_an_account_without_repositories_has_no_issues() -> None:
    with ScriptedFetcher().answer("/users/nobody/repos", json=[]) as service:
        assert sync(pack, "Issues", owner="nobody", fetcher=service) == []


# Conditional requests.


@pytest.mark.parametrize(("table", "arguments"), [("Repos", {}), ("Issues", {"repository": "hereisfun/abacus"})])
def test_a_page_that_is_the_same_again_is_asked_about_and_not_sent(
    fetcher: Fetcher, api: FakeGitHub, table: str, arguments: dict[str, Any]
) -> None:
    first = pages(fetcher, table, **arguments)
    asked = len(api.requests)
    assert [page.rows for page in pages(fetcher, table, **arguments)] == [page.rows for page in first]
    again = api.requests[asked:]
    assert len(again) == asked
    assert all("if-none-match" in request.headers for request in again)


def test_a_changed_page_is_read_anew(fetcher: Fetcher, api: FakeGitHub) -> None:
    pages(fetcher, "Issues", repository="hereisfun/firefly")
    new = Issue(id=990998, number=9, title="New", author="inkstone")
    api.world = replace(api.world, issues={**api.world.issues, "hereisfun/firefly": (new,)})
    assert keys(pages(fetcher, "Issues", repository="hereisfun/firefly"), ISSUES) == ["990998"]
