"""`packsys pack add` publishes to a running service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packsys.cli.archive import read_archive
from packsys.cli.main import cli
from packsys.client import Refused
from packsys.errors import RequestError
from packsys.model import Scope
from tests.service.conftest import serving
from tests.service.house import SmallHouse

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("walls")]

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def house() -> SmallHouse:
    return SmallHouse()


@pytest.fixture
def url(house: SmallHouse) -> Iterator[str]:
    with serving(house) as address:
        yield address


def add(path: Path, **environ: str) -> Result:
    """Runs the command."""
    return CliRunner(env={"PACKSYS_HOME": os.devnull, **environ}).invoke(cli, ("pack", "add", str(path)))


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("hello", "Hello 1.0.0 (9000)"),
        ("hello/pack.py", "Hello 1.0.0 (9000)"),
        ("github", "GitHubLike 1.0.0"),
        ("javascript", "Rates 1.0.0"),
        ("javascript/pack.json", "Rates 1.0.0"),
    ],
)
def test_a_pack_is_published_whatever_it_is_written_in(house: SmallHouse, url: str, place: str, name: str) -> None:
    done = add(EXAMPLES / place, PACKSYS_URL=url, PACKSYS_KEY=house.token(scopes=[Scope.PACKS]))
    assert done.exit_code == 0, done.exception
    assert done.output.startswith(name)
    [kept] = house.releases.newest()
    assert kept.digest in done.output


def test_an_archive_is_published_as_it_is(house: SmallHouse, url: str, tmp_path: Path) -> None:
    (tmp_path / "hello.zip").write_bytes(read_archive(EXAMPLES / "hello"))
    environ = {"PACKSYS_URL": url, "PACKSYS_KEY": house.token()}
    assert add(tmp_path / "hello.zip", **environ).output == add(EXAMPLES / "hello", **environ).output


def test_a_key_without_the_scope_is_told_which(house: SmallHouse, url: str) -> None:
    done = add(EXAMPLES / "hello", PACKSYS_URL=url, PACKSYS_KEY=house.token(scopes=[Scope.JOBS]))
    assert isinstance(done.exception, Refused)
    assert "--scope packs" in done.exception.message


def test_without_a_service_it_is_said_how_to_start_one() -> None:
    done = add(EXAMPLES / "hello", PACKSYS_URL="", PACKSYS_KEY="")
    assert isinstance(done.exception, RequestError)
    assert "packsys up" in done.exception.message
