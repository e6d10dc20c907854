"""A stranger's pack is published and runs, behind the walls of its sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from packsys.catalog.bundle import archive, unpack
from packsys.cli.archive import read_archive
from packsys.client import Packsys, Refused

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


@pack.formula()
def keep(context: Context, text: Annotated[str, "What the file says."]) -> str:
    """Keeps a file and gives its address."""
    return context.blobs.store(text.encode(), content_type="text/plain", name="note.txt")


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


def test_it_is_found_and_runs(service: Packsys, folder: Path) -> None:
    service.packs.publish(read_archive(folder))
    assert service.run("Stranger::Double(21)") == 42


def test_it_sees_nothing_of_the_worker(service: Packsys, folder: Path) -> None:
    service.packs.publish(read_archive(folder))
    assert service.run("Stranger::Secrets()") == ""


def test_a_file_that_it_keeps_is_read_by_its_address(service: Packsys, folder: Path) -> None:
    service.packs.publish(read_archive(folder))
    answer = httpx.get(service.run('Stranger::Keep("six times seven")'))
    assert (answer.status_code, answer.text) == (200, "six times seven")
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''note.txt"


def test_it_is_stopped_when_it_does_not_end(service: Packsys, folder: Path) -> None:
    service.packs.publish(read_archive(folder))
    job = service.wait(service.submit("Stranger::Hang()").id)
    assert job.report["error"]["code"] in ("Timeout", "Sandbox")
    assert service.run("Stranger::Double(2)") == 4


def test_a_version_never_changes(service: Packsys, folder: Path) -> None:
    service.packs.publish(read_archive(folder))
    (folder / "pack.py").write_text(PYTHON.replace("* 2", "* 3"))
    with pytest.raises(Refused, match="raise the version") as caught:
        service.packs.publish(read_archive(folder))
    assert caught.value.status == 409


def test_what_ships_cannot_be_replaced(service: Packsys, folder: Path) -> None:
    (folder / "pack.py").write_text(PYTHON.replace("Stranger", "GitHub"))
    with pytest.raises(Refused, match="comes with packsys"):
        service.packs.publish(read_archive(folder))


def test_a_manifest_that_lies_is_refused(service: Packsys, folder: Path) -> None:
    bundle = unpack(read_archive(folder))
    manifest = json.loads(json.dumps(dict(bundle.manifest)))
    manifest["domains"] = ["example.com"]
    with pytest.raises(Refused, match="not what the code declares"):
        service.packs.publish(archive(bundle.files, manifest))


def test_a_pack_in_javascript_runs_too(service: Packsys) -> None:
    published = service.packs.publish(read_archive(ROOT / "examples" / "javascript"))
    assert published["runtime"] == "javascript"
    assert service.run('Rates::Round(12.345, "JPY")') == ROUNDED
