"""`packsys pack` makes, checks, tests, watches and builds packs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packsys.catalog.bundle import unpack
from packsys.cli.main import cli
from packsys.cli.packwatch import changes
from packsys.errors import PacksysError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("hello", "weather", "todo", "github")


def packsys(*words: str) -> Result:
    """Runs a command."""
    return CliRunner().invoke(cli, ("pack", *words))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_passes_its_tests(name: str) -> None:
    words = [sys.executable, "-m", "packsys.cli.main", "pack", "test", str(ROOT / "examples" / name), "--", "-q"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_short_to_read(name: str) -> None:
    assert len((ROOT / "examples" / name / "README.md").read_text().splitlines()) <= 25


def test_check_says_what_a_pack_brings() -> None:
    assert packsys("check", str(ROOT / "examples/todo")).output == (
        "Todo 1.0.0 is in order: 1 formula, 1 action, 2 sync tables, 1 column format; "
        "api.todo.example; HeaderBearerToken.\n"
    )
    assert packsys("check", str(ROOT / "examples/hello")).output.endswith("1 formula; no domains; no account.\n")


def test_a_new_pack_works_from_the_start(place: Path) -> None:
    assert packsys("init", "my_weather", "--id", "9301").exit_code == 0
    assert sorted(each.name for each in (place / "my_weather").iterdir()) == ["README.md", "pack.py", "test_pack.py"]
    assert "MyWeather 0.1.0 is in order" in packsys("check", "my_weather").output
    assert packsys("run", "my_weather", 'MyWeather::Greet("you")').output == "Hello, you!\n"
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "my_weather"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run(words, env=environ, capture_output=True, check=False).returncode == 0


def test_a_pack_is_built_alike_every_time(place: Path) -> None:
    built = packsys("build", str(ROOT / "examples/todo"))
    content = (place / "todo-1.0.0.zip").read_bytes()
    assert hashlib.sha256(content).hexdigest() in built.output
    packsys("build", str(ROOT / "examples/todo"), "-o", "other.zip")
    assert (place / "other.zip").read_bytes() == content
    assert list(unpack(content).files) == ["README.md", "pack.py"]
    assert "Todo 1.0.0 is in order" in packsys("check", "todo-1.0.0.zip").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("init", "1st"), "begin with a letter"),
        (("init", "there"), "choose another name"),
        (("check", "no/where"), "There is no pack at"),
        (("check", "nowhere.zip"), "cannot be read"),
        (("check", "odd.zip"), "cannot be read"),
        (("check", "there"), "has no formulas"),
        (("test", "there"), "The tests of there fail"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said(place: Path, words: tuple[str, ...], said: str) -> None:
    (place / "there").mkdir()
    (place / "there" / "pack.py").write_text(
        "from packsys.sdk import Pack\npack = Pack(id=1, name='A', version='1.0.0', description='A.')\n"
    )
    (place / "odd.zip").write_bytes(b"odd")
    error = packsys(*words).exception
    assert isinstance(error, PacksysError)
    assert said in error.message


def test_a_change_is_noticed_once(tmp_path: Path) -> None:
    (tmp_path / "pack.py").write_text("a")
    (tmp_path / "notes.txt").write_text("a")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            (tmp_path / "other.py").write_text("b")

    seen = changes(tmp_path, pause=pause)
    assert [each.name for each in next(seen)] == ["pack.py"]
    assert sorted(each.name for each in next(seen)) == ["other.py", "pack.py"]
    assert len(pauses) == 3
