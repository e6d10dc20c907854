"""`packsys sync …` against a service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from click.testing import CliRunner, Result

from packsys.cli.main import cli
from packsys.client import Packsys
from packsys.errors import PacksysError
from tests.service.syncs import Synced, synced
from tests.sync.source import Source


@pytest.fixture
def source() -> Source:
    return Source(rows={"a": 3, "b": 1, "c": 2})


@pytest.fixture
def house(source: Source) -> Iterator[Synced]:
    with synced(source) as started:
        yield started


@pytest.fixture
def packsys(house: Synced) -> Callable[..., Result]:
    """Runs a command."""
    environ = {"PACKSYS_URL": house.url, "PACKSYS_KEY": house.key, "COLUMNS": "160"}
    return lambda *words: CliRunner().invoke(cli, ("sync", *words), env=environ)


@pytest.fixture
def things(house: Synced, packsys: Callable[..., Result]) -> str:
    """Makes a table and syncs it."""
    made = packsys("create", "Source", "Things", "--name", "things", "--strikes", "1")
    name, sync = made.stdout.split()
    house.run(sync)
    return name


def test_a_table_is_made_and_listed(packsys: Callable[..., Result], things: str) -> None:
    assert things == "things"
    listed = packsys("list").stdout
    assert "when asked" in listed
    assert "succeeded: 3 added" in listed


def test_rows_are_shown_as_a_table(packsys: Callable[..., Result], things: str) -> None:
    lines = packsys("rows", things, "--sort", "-Value", "--where", "Value>1").stdout.splitlines()
    assert [line.split() for line in lines] == [["Id", "Value"], ["a", "3"], ["c", "2"]]


def test_rows_come_page_by_page_and_as_json(packsys: Callable[..., Result], things: str) -> None:
    first = packsys("rows", things, "--limit", "2").stdout.splitlines()
    cursor = first[-1].split()[-1]
    rest = packsys("rows", things, "--limit", "2", "--cursor", cursor, "--json").stdout
    assert json.loads(rest) == [{"Id": "c", "Value": 2}]


def test_a_run_is_started_and_its_end_is_said(house: Synced, source: Source, packsys: Callable[..., Result]) -> None:
    packsys("create", "Source", "Things")
    begun = packsys("run", "Things", "--no-wait").stdout.strip()
    house.world.settle()
    with Packsys(house.url, house.key) as service:
        assert service.syncs.wait(begun)["state"] == "succeeded"
        assert [row["key"] for row in service.syncs.rows(service.syncs.list()[0]["id"], limit=1)] == ["a", "b", "c"]


def test_changes_and_runs_are_shown(packsys: Callable[..., Result], things: str) -> None:
    assert [line.split()[2:] for line in packsys("changes", things, "--after", "1").stdout.splitlines()] == [
        ["add", "b"],
        ["add", "c"],
    ]
    assert "full" in packsys("runs", things).stdout
    assert json.loads(packsys("status", things).stdout)["name"] == things


def test_a_deletion_is_approved(house: Synced, source: Source, packsys: Callable[..., Result], things: str) -> None:
    source.rows.clear()
    house.run(json.loads(packsys("status", things).stdout)["id"])
    assert "would delete 3 of 3 rows" in packsys("list").stdout
    with Packsys(house.url, house.key) as service:
        service.syncs.approve(json.loads(packsys("status", things).stdout)["last_run"]["id"])
    house.world.settle()
    assert "3 deleted" in packsys("runs", things).stdout


def test_a_table_rests_and_goes_on(packsys: Callable[..., Result], things: str) -> None:
    assert packsys("pause", things).stdout == "things paused\n"
    error = packsys("run", things).exception
    assert isinstance(error, PacksysError)
    assert "paused" in error.message
    assert packsys("resume", things).stdout == "things goes on\n"
    assert packsys("reset", things).stdout == "things will be read anew\n"


def test_what_a_run_would_do_is_previewed(packsys: Callable[..., Result], things: str, source: Source) -> None:
    source.put("d", 4)
    assert json.loads(packsys("preview", things, "--pages", "9").stdout)["counts"]["added"] == 1


def test_rejects_are_listed_and_discarded(house: Synced, source: Source, packsys: Callable[..., Result]) -> None:
    source.bad = [{"id": "x", "value": "many"}]
    sync = packsys("create", "Source", "Things", "--name", "bad").stdout.split()[1]
    house.run(sync)
    letter, key, said = packsys("rejects", "bad").stdout.split(maxsplit=2)
    assert (key, said.startswith("Value: ")) == ("x", True)
    assert json.loads(packsys("rejects", "bad", "--replay").stdout)["rejected"] == 1
    letter = packsys("rejects", "bad").stdout.split()[0]
    assert packsys("rejects", "bad", "--discard", letter).stdout == "1 discarded\n"


def test_a_schedule_is_said(packsys: Callable[..., Result], things: str) -> None:
    said = packsys("schedule", things, "--cron", "30 6 * * 1", "--timezone", "Europe/Oslo").stdout
    assert said.startswith("30 6 * * 1 Europe/Oslo, next at 20")
    assert packsys("schedule", things).stdout == "when asked\n"


def test_a_table_is_deleted(packsys: Callable[..., Result], things: str) -> None:
    assert packsys("delete", things, "--yes").stdout == "things deleted\n"
    error = packsys("rows", things).exception
    assert isinstance(error, PacksysError)
    assert error.message == "There is no sync table 'things'; there are none."
