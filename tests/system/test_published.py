"""A stranger's pack is published and runs, behind the walls of its sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from packsys.bootstrap import wire
from packsys.cli.publish import read_archive
from packsys.cli.system import System
from packsys.client import Packsys
from packsys.errors import BrokenPack, Conflict

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("walls")]

ROOT = Path(__file__).resolve().parents[2]
ROUNDED = "¥12"
PYTHON = '''
from typing import Annotated

from packsys.sdk import Context, Pack

pack = Pack(id=20001, name="Stranger", version="1.0.0", description="Comes from outside.")


@pack.formula()
def double(context: Context, number: Annotated[float, "What to double."]) -> float:
    """Doubles a number."""
    return number * 2


@pack.formula()
def secrets(context: Context) -> str:
    """Looks for the secrets of the worker."""
    import os

    return "".join(name for name in os.environ if name.startswith("PACKSYS"))


@pack.formula(timeout=5, attempts=1)
def hang(context: Context) -> float:
    """Never ends."""
    while True:
        pass
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Gives the folder of a pack in Python."""
    (tmp_path / "pack.py").write_text(PYTHON)
    return tmp_path


def test_it_is_found_and_runs(system: System, service: Packsys, folder: Path) -> None:
    wire(system.settings).publish(read_archive(folder), "a test")
    assert service.run("Stranger::Double(21)") == 42


def test_it_sees_nothing_of_the_worker(system: System, service: Packsys, folder: Path) -> None:
    wire(system.settings).publish(read_archive(folder), "a test")
    assert service.run("Stranger::Secrets()") == ""


def test_it_is_stopped_when_it_does_not_end(system: System, service: Packsys, folder: Path) -> None:
    wire(system.settings).publish(read_archive(folder), "a test")
    job = service.wait(service.submit("Stranger::Hang()").id)
    assert job.report["error"]["code"] in ("Timeout", "Sandbox")
    assert service.run("Stranger::Double(2)") == 4


def test_a_version_never_changes(system: System, folder: Path) -> None:
    publish = wire(system.settings).publish
    publish(read_archive(folder), "a test")
    (folder / "pack.py").write_text(PYTHON.replace("* 2", "* 3"))
    with pytest.raises(Conflict, match="raise the version"):
        publish(read_archive(folder), "a test")


def test_what_ships_cannot_be_replaced(system: System, folder: Path) -> None:
    (folder / "pack.py").write_text(PYTHON.replace("Stranger", "GitHub"))
    with pytest.raises(Conflict, match="comes with packsys"):
        wire(system.settings).publish(read_archive(folder), "a test")


def test_a_manifest_that_lies_is_refused(system: System, folder: Path) -> None:
    from packsys.catalog.bundle import archive, unpack

    bundle = unpack(read_archive(folder))
    manifest = json.loads(json.dumps(dict(bundle.manifest)))
    manifest["domains"] = ["example.com"]
    with pytest.raises(BrokenPack, match="not what the code declares"):
        wire(system.settings).publish(archive(bundle.files, manifest), "a test")


def test_a_pack_in_javascript_runs_too(system: System, service: Packsys) -> None:
    published = wire(system.settings).publish(read_archive(ROOT / "examples" / "javascript"), "a test")
    assert published.runtime == "javascript"
    assert service.run('Rates::Round(12.345, "JPY")') == ROUNDED
