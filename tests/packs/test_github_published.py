"""The GitHub pack is a pack like any other: published under another name, it runs behind the walls."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from packsys.catalog.manifest import release
from packsys.cli.archive import read_archive
from packsys.language.invocation import Invocation
from packsys.memory import MemoryReleases
from packsys.ports import Call, Response, World
from packsys.runtime.publish import Publish
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sandbox.python import PythonSandbox, describe_source
from packsys.sandbox.shelf import Archives
from tests.packs.test_github import a_repository
from tests.sandbox.calls import Script

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("walls")]

GITHUB = Path(__file__).resolve().parents[2] / "packs" / "github"


@pytest.fixture
def releases(tmp_path: Path) -> MemoryReleases:
    """Gives a store in which the pack is published as ForgeHub (20013)."""
    folder = shutil.copytree(GITHUB, tmp_path / "forge")
    source = (folder / "pack.py").read_text()
    (folder / "pack.py").write_text(source.replace("id=1013", "id=20013").replace('name="GitHub"', 'name="ForgeHub"'))
    kept = MemoryReleases()
    describe = {"python": lambda bundle: describe_source(bundle.files)}
    Publish(shipped=InProcessPacks([]), releases=kept, describe=describe)(read_archive(folder), "a test")
    return kept


@pytest.fixture
def sandbox(releases: MemoryReleases) -> Iterator[PythonSandbox]:
    with PythonSandbox(Archives(releases).files) as made:
        yield made


def test_a_formula_of_it_runs_behind_the_walls(releases: MemoryReleases, sandbox: PythonSandbox) -> None:
    [kept] = releases.newest()
    body = json.dumps(a_repository()).encode()
    script = Script(Response(status=200, headers={"content-type": "application/json"}, body=body))
    call = Call(
        formula=release(kept.manifest).formulas["Repo"],
        invocation=Invocation(
            key="0" * 32,
            pack_id=20013,
            pack="ForgeHub",
            version=kept.version,
            formula="Repo",
            account=None,
            arguments={"url": "octocat/hello-world"},
        ),
        world=World(fetcher=script, timeout=10.0),
    )
    found = sandbox.run(call)
    assert isinstance(found, dict)
    assert (found["FullName"], found["Stars"]) == ("octocat/hello-world", 80)
    assert [request.url for request in script.requests] == ["/repos/octocat/hello-world"]
