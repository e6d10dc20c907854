"""The whole way, from a formula's call to bytes on an encrypted connection, against traffic that GitHub recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from packs.github.pack import pack
from packsys.egress.http import HttpEgress
from packsys.errors import ApiError
from packsys.model import Connection
from packsys.ports import Fetcher, Inquiry, World
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sdk import Response
from packsys.sdk.surroundings import Sync
from packsys.sdk.targets import Aim, Target
from packsys.sync.checking import Checker
from packsys.syncmodel import Checked
from tests.egress.canned import Canned, answer
from tests.egress.certificates import authority
from tests.egress.world import an_internet, credentials, sealed
from tests.sandbox.calls import a_call

PACKS = InProcessPacks([pack])
Recorded = Callable[[str], list[dict[str, Any]]]
SENT_AGAIN = ("content-length", "connection", "transfer-encoding", "content-encoding")


@dataclass(frozen=True)
class Head:
    """Is the head of a request: its first line and its headers."""

    line: str
    headers: dict[str, str]

    @classmethod
    def of(cls, raw: bytes) -> Head:
        line, *headers = raw.decode().rstrip("\r\n").split("\r\n")
        return cls(line, {name.lower(): value for name, _, value in (header.partition(": ") for header in headers)})


def replay(exchange: dict[str, Any]) -> bytes:
    headers = {name: str(value) for name, value in exchange["headers"].items() if name.lower() not in SENT_AGAIN}
    return answer(json.dumps(exchange["response"]).encode(), status=exchange["status"], headers=headers)


@contextmanager
def replaying(exchanges: list[dict[str, Any]], folder: Path) -> Iterator[tuple[Fetcher, Canned]]:
    """Gives a way out to a server that answers with the exchanges in their order."""
    row = Connection(id="c", workspace="w", pack_id=pack.id, name="me", sealed=b"")
    release = PACKS.by_id(pack.id)
    assert release is not None
    certificates, tls = authority(folder, "api.github.com")
    with Canned(*map(replay, exchanges), tls=tls) as server:
        egress = HttpEgress(credentials=credentials(), guard=an_internet(server.port, certificates))
        yield egress.open(release, sealed(row, "fake-token")), server


def call(exchanges: list[dict[str, Any]], folder: Path, formula: str, **arguments: Any) -> tuple[Any, list[Head]]:
    """Calls a formula while the exchanges are replayed, and gives its value and the heads of its requests."""
    with replaying(exchanges, folder) as (fetcher, server):
        value = PACKS.run(a_call(PACKS, "GitHub", formula, fetcher=fetcher, **arguments))
    return value, [Head.of(raw) for raw in server.requests]


def read(exchanges: list[dict[str, Any]], folder: Path, table: str, **arguments: Any) -> tuple[Checked, list[Head]]:
    """Reads a table while the exchanges are replayed, and gives its rows and the heads of its requests."""
    state: Sync | None = Sync()
    raw, target = list[Any](), Target(aim=Aim.PAGE, name=table)
    with replaying(exchanges, folder) as (fetcher, server):
        while state is not None:
            world = World(fetcher=fetcher, timeout=10.0, sync=state)
            page = PACKS.ask(Inquiry(pack_id=1013, version="", target=target, world=world, arguments=arguments))
            raw += page.rows
            state = Sync(continuation=page.continuation) if page.continuation else None
    schema = pack.sync_tables[table].schema
    assert schema is not None
    return Checker(schema)(raw), [Head.of(each) for each in server.requests]


def assert_as_recorded(heads: list[Head], exchanges: list[dict[str, Any]]) -> None:
    assert [head.line for head in heads] == [f"{each['method'].upper()} {each['path']} HTTP/1.1" for each in exchanges]
    for head, each in zip(heads, exchanges, strict=True):
        wanted = {name: each["reqheaders"][name] for name in ("accept", "host")}
        assert {name: head.headers[name] for name in wanted} == wanted
        assert head.headers["authorization"] == "Bearer fake-token"
        assert head.headers["user-agent"]


def test_a_repository_is_asked_for_and_read_as_recorded(recorded: Recorded, tmp_path: Path) -> None:
    exchanges = recorded("get-repository")
    url = exchanges[0]["response"]["html_url"]
    value, heads = call(exchanges, tmp_path, "Repo", url=url)
    assert_as_recorded(heads, exchanges)
    assert (value["Url"], value["FullName"]) == (url, "octokit-fixture-org/hello-world")
    assert value["Owner"]["Login"] == "octokit-fixture-org"
    assert value["CreatedAt"].isoformat() == "2017-10-10T16:00:00+00:00"
    assert (value["Stars"], value["Private"], value["DefaultBranch"]) == (42, False, "master")


def test_a_renamed_repository_is_followed_as_recorded(recorded: Recorded, tmp_path: Path) -> None:
    moved = [each for each in recorded("rename-repository") if each["method"] == "get"]
    assert [each["status"] for each in moved] == [301, 200]
    value, heads = call(moved, tmp_path, "Repo", url="octokit-fixture-org/rename-repository")
    assert_as_recorded(heads, moved)
    assert value["FullName"] == "octokit-fixture-org/rename-repository-newname"


def test_a_recorded_repository_fits_a_list_too(recorded: Recorded, tmp_path: Path) -> None:
    exchange = recorded("get-repository")[0]
    listed = {**exchange, "path": "/user/repos", "response": [exchange["response"]]}
    value, _ = call([listed], tmp_path, "Repos")
    assert [each["FullName"] for each in value] == ["octokit-fixture-org/hello-world"]


def test_recorded_pages_are_linked_as_the_pack_reads_links(recorded: Recorded) -> None:
    pages = recorded("paginate-issues")
    for page, following in zip(pages, [*pages[1:], None], strict=True):
        found = Response(headers={"link": page["headers"]["link"]}).links.get("next")
        assert found == (f"https://api.github.com{following['path']}" if following else None)


def test_a_recorded_refusal_is_told_with_its_reason(recorded: Recorded, tmp_path: Path) -> None:
    refusal = {**recorded("errors")[0], "method": "get"}
    with pytest.raises(ApiError) as caught:
        call([refusal], tmp_path, "Repo", url="a/b")
    assert caught.value.message.startswith("GitHub answered 422 (Unprocessable")
    assert caught.value.message.endswith("to GET /repos/a/b: Validation Failed.")


def test_recorded_pages_of_issues_become_rows(recorded: Recorded, tmp_path: Path) -> None:
    pages = recorded("paginate-issues")
    exchanges = [recorded("get-repository")[0], *pages]
    found, heads = read(exchanges, tmp_path, "Issues", repository="octokit-fixture-org/paginate-issues")
    assert [head.line for head in heads[2:]] == [f"GET {each['path']} HTTP/1.1" for each in pages[1:]]
    assert found.rejects == []
    assert len({row.key for row in found.rows}) == len(found.rows) == 13
    assert {json.loads(row.document)["Number"] for row in found.rows} == set(range(1, 14))
