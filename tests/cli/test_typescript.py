"""`packsys pack` builds packs in TypeScript with the compiler of the SDK that lies beside them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from packsys.catalog.bundle import unpack
from packsys.cli.main import cli
from packsys.cli.typescript import package_of
from packsys.errors import BrokenPack, PacksysError
from tests.coda.test_conformance import packages
from tests.service.conftest import serving
from tests.service.house import SmallHouse

__all__ = ["packages"]

pytestmark = pytest.mark.slow

MODULES = Path(__file__).resolve().parents[1] / "coda" / "node_modules"
SOURCE = """import * as coda from '@codahq/packs-sdk';
export const pack = coda.newPack();
pack.addFormula({
  name: 'Double', description: 'Doubles.', resultType: coda.ValueType.Number,
  parameters: [coda.makeParameter({type: coda.ParameterType.Number, name: 'n', description: 'What.'})],
  execute: async ([n]) => n * 2,
});
"""


def packsys(*words: str, **environ: str) -> Result:
    """Runs a command."""
    return CliRunner(env=environ).invoke(cli, ("pack", *words))


def said(done: Result) -> str:
    """Gives what a command refused with."""
    assert isinstance(done.exception, PacksysError), done.output
    return done.exception.message


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    before = Path.cwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(before)


@pytest.fixture
def sdk(place: Path, walls: None, packages: None) -> Path:
    """Puts the SDK beside."""
    (place / "node_modules").symlink_to(MODULES)
    return place


def test_a_pack_is_built_alike_every_time(sdk: Path) -> None:
    for folder in ("here", "there"):
        (sdk / folder).mkdir()
        (sdk / folder / "pack.ts").write_text(SOURCE)
        built = packsys("build", f"{folder}/pack.ts", "--id", "20003", "--name", "Twice", "-o", f"{folder}.zip")
        assert built.exit_code == 0, built.exception
        assert sorted(each.name for each in (sdk / folder).iterdir()) == ["bundle.js", "pack.ts"]
    one, other = (unpack((sdk / f"{folder}.zip").read_bytes()) for folder in ("here", "there"))
    assert one.digest == other.digest
    assert list(one.files) == ["bundle.js"]
    assert (one.manifest["id"], one.manifest["name"], one.runtime) == (20003, "Twice", "javascript")
    assert [each["name"] for each in one.manifest["formulas"]] == ["Double"]


def test_a_new_pack_works_from_the_start(sdk: Path) -> None:
    assert packsys("init", "my_twice", "--id", "9301", "--typescript").exit_code == 0
    names = [".gitignore", "README.md", "pack.ts", "package.json"]
    assert sorted(each.name for each in (sdk / "my_twice").iterdir()) == names
    assert packsys("check", "my_twice").output == "MyTwice 0.1.0 is in order: 1 formula; no domains; no account.\n"
    assert packsys("build", "my_twice").exit_code == 0
    assert list(unpack((sdk / "mytwice-0.1.0.zip").read_bytes()).files) == ["bundle.js"]


def test_it_is_built_and_published_at_once(sdk: Path) -> None:
    house = SmallHouse()
    packsys("init", "my_twice", "--typescript")
    with serving(house) as url:
        done = packsys("add", "my_twice/pack.ts", PACKSYS_URL=url, PACKSYS_KEY=house.token())
    assert done.output.startswith("MyTwice 0.1.0 (9999) "), done.exception
    assert [each.runtime for each in house.releases.newest()] == ["javascript"]


def test_what_the_compiler_says_is_said(sdk: Path) -> None:
    (sdk / "pack.ts").write_text("const x = ;")
    assert "pack.ts:1:10" in said(packsys("build", "pack.ts", "--id", "1", "--name", "A"))
    assert not (sdk / ".packsys-build").exists()


def test_what_a_bundle_does_not_know_must_be_told(sdk: Path) -> None:
    (sdk / "pack.ts").write_text(SOURCE)
    assert "give --id and --name" in said(packsys("build", "pack.ts"))
    (sdk / "package.json").write_text('{"version": "2.1.0", "packsys": {"id": 20003, "name": "Twice"}}')
    assert packsys("build", "pack.ts").output.startswith("twice-2.1.0.zip ")
    assert packsys("build", "pack.ts", "--name", "Double").output.startswith("double-2.1.0.zip ")
    assert packsys("check", "bundle.js").output.startswith("Twice 2.1.0 is in order")


def test_the_web_is_a_choice(sdk: Path) -> None:
    (sdk / "pack.ts").write_text(SOURCE)
    packsys("build", "pack.ts", "--id", "20003", "--name", "Twice", "-o", "plain.zip")
    packsys("build", "pack.ts", "--id", "20003", "--name", "Twice", "--web", "-o", "web.zip")
    assert list(unpack((sdk / "plain.zip").read_bytes()).files) == ["bundle.js"]
    chosen = unpack((sdk / "web.zip").read_bytes())
    assert json.loads(chosen.files["packsys.json"]) == {"web": True}
    assert chosen.manifest["coda"]["web"] is True


def test_the_web_is_no_choice_for_other_packs(place: Path) -> None:
    (place / "pack.json").write_text("{}")
    assert '"web": true into a pack.json' in said(packsys("build", "pack.json", "--web"))


def test_without_node_it_is_said_what_to_install(place: Path) -> None:
    (place / "pack.ts").write_text(SOURCE)
    assert "install Node.js" in said(packsys("build", "pack.ts", PATH=str(place)))


def test_without_the_sdk_it_is_said_what_to_install(place: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("node is not on this machine.")
    (place / "pack.ts").write_text(SOURCE)
    assert f"npm install --save-dev @codahq/packs-sdk' in {place.resolve()}" in said(packsys("build", "pack.ts"))


@pytest.mark.parametrize("written", ["{", "[]", '{"packsys": 1}'])
def test_a_package_that_cannot_be_read_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "package.json").write_text(written)
    with pytest.raises(BrokenPack, match=r"package\.json"):
        package_of(tmp_path)


def test_a_package_may_be_silent(tmp_path: Path) -> None:
    assert package_of(tmp_path) == {}
    (tmp_path / "package.json").write_text(json.dumps({"name": "x"}))
    assert package_of(tmp_path) == {}


def test_what_is_no_pack_is_refused(place: Path) -> None:
    (place / "notes.txt").write_text("x")
    assert "is no pack" in said(packsys("build", "notes.txt"))
