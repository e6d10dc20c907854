"""`packsys run` evaluates a formula in this process, with no servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packsys.cli.main import COMMANDS, cli
from packsys.errors import FormulaError, PacksysError
from tests.fakeapi import TOKEN, FakeGitHub

ROOT = Path(__file__).resolve().parents[2]
HELLO = str(ROOT / "examples/hello/pack.py")
GITHUB = str(ROOT / "packs/github")
PROBE = str(ROOT / "tests/packs/probe.py")


def packsys(*words: str, **environ: str) -> Result:
    """Runs a command."""
    return CliRunner(env=environ).invoke(cli, words)


def test_it_prints_the_value() -> None:
    assert packsys("run", HELLO, '=Upper(Hello::Greet("Ada"))').output == "HELLO, ADA!\n"


def test_it_prints_everything_but_text_as_json() -> None:
    assert packsys("run", PROBE, "List(1, 2.5, true)").output.split() == ["[", "1,", "2.5,", "true", "]"]


def test_it_takes_variables() -> None:
    assert packsys("run", PROBE, "n * 2 & who", "--var", "n=21", "--var", "who=Ada").output == "42Ada\n"


def test_it_writes_for_a_locale() -> None:
    assert packsys("run", HELLO, "FormatNumber(0.5)", "--locale", "de_AT").output == "0,5\n"


def test_it_uses_the_account_of_a_token(github: FakeGitHub) -> None:
    words = ("run", GITHUB, "=GitHub::Repos().First().FullName", "--allow-network", "127.0.0.0/8")
    done = packsys(*words, "--endpoint", github.url, PACKSYS_TOKEN=TOKEN)
    assert done.output == "hereisfun/abacus\n"


REFUSED = {
    "a wrong formula": ((HELLO, "Hello::Greet("), "end of the formula"),
    "an unknown formula": ((HELLO, "Hello::Grete()"), "Greet"),
    "a pack that is not there": (("nowhere.py", "1"), "nowhere.py"),
    "a locale that there is not": ((HELLO, "1", "--locale", "xx"), "language tag"),
    "a variable that is none": ((HELLO, "1", "--var", "x"), "NAME=VALUE"),
    "a private network": ((GITHUB, "GitHub::User()", "--endpoint", "http://127.0.0.1:9"), "127.0.0.1"),
    "a formula that fails": ((PROBE, 'Probe::Raise("broken")'), "broken"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_said(name: str) -> None:
    words, said = REFUSED[name]
    error = packsys("run", *words).exception
    assert isinstance(error, PacksysError)
    assert said in (error.render() if isinstance(error, FormulaError) else error.message)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    done = packsys(name, "--help")
    assert done.exit_code == 0
    assert len(done.output.splitlines()) > 4


def test_an_unknown_command_is_refused() -> None:
    assert packsys("fly").exit_code == 2
