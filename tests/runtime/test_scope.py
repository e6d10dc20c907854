"""A formula that was compiled is compiled anew when a pack is published, and when an account appears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from packs.github.pack import pack as github
from packsys.catalog.manifest import describe
from packsys.errors import FormulaError
from packsys.language.compile import Compiled, Compiler
from packsys.memory import MemoryConnections, MemoryReleases
from packsys.model import Connection, Release, Submission
from packsys.runtime.scope import Compile
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sandbox.shelf import FRESH, Shelf


@dataclass
class Office:
    """Compiles formulas of one workspace, where packs are published and accounts connected."""

    at: float = 0.0
    releases: MemoryReleases = field(default_factory=MemoryReleases)
    connections: MemoryConnections = field(default_factory=MemoryConnections)

    def __post_init__(self) -> None:
        shelf = Shelf(InProcessPacks([]), self.releases, {}, clock=lambda: self.at)
        self.door = Compile(compiler=Compiler(), packs=shelf, connections=self.connections)

    def compiled(self, formula: str, workspace: str = "default") -> Compiled:
        return self.door(Submission(formula=formula, workspace=workspace))

    def publish(self, version: str) -> None:
        manifest: Mapping[str, Any] = {**describe(github), "version": version}
        self.releases.add(
            Release(
                pack_id=1013,
                version=version,
                name="GitHub",
                runtime="python",
                digest=version,
                manifest=manifest,
                archive=b"",
            )
        )
        self.at += FRESH

    def connect(self, name: str, workspace: str = "default") -> None:
        row = Connection(id=f"conn-{name}", workspace=workspace, pack_id=1013, name=name, sealed=b"")
        self.connections.add(row)


@pytest.fixture
def office() -> Office:
    office = Office()
    office.publish("1.0.0")
    return office


FORMULA = "GitHub::User('ada')"


def test_a_formula_that_comes_again_is_not_compiled_again(office: Office) -> None:
    office.connect("mine")
    assert office.compiled(FORMULA) is office.compiled(FORMULA)
    assert office.compiled("GitHub::Repos([mine])") is office.compiled("GitHub::Repos([mine])")


def test_a_release_that_is_published_is_the_one_that_is_called(office: Office) -> None:
    office.connect("mine")
    before = office.compiled(FORMULA)
    office.publish("1.1.0")
    assert "'1.0.0'" in repr(before.tree)
    assert "'1.1.0'" in repr(office.compiled(FORMULA).tree)


def test_an_account_that_appears_is_found_and_one_that_shares_its_name_is_noticed(office: Office) -> None:
    with pytest.raises(FormulaError, match="Nothing here is called 'mine'"):
        office.compiled("GitHub::Repos([mine])")
    office.connect("mine")
    assert "conn-mine" in repr(office.compiled("GitHub::Repos([mine])").tree)
    office.connect("Mine")
    with pytest.raises(FormulaError, match="Several connections are called 'mine'"):
        office.compiled("GitHub::Repos([mine])")


def test_an_account_that_appears_takes_the_choice_from_calls_that_name_none(office: Office) -> None:
    office.connect("mine")
    assert "conn-mine" in repr(office.compiled(FORMULA).tree)
    office.connect("yours")
    with pytest.raises(FormulaError, match="needs a connected account"):
        office.compiled(FORMULA)


def test_what_a_formula_means_in_one_workspace_is_not_what_it_means_in_another(office: Office) -> None:
    office.connect("mine")
    assert office.compiled("GitHub::Repos([mine])")
    with pytest.raises(FormulaError, match="Nothing here is called 'mine'"):
        office.compiled("GitHub::Repos([mine])", workspace="elsewhere")
