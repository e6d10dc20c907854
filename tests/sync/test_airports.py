"""Real data with known answers: two releases of a list of airports, one after the other.

What must come of it is what a comparison of the two lists says that knows nothing of packsys. Any two releases will do:
``PACKSYS_AIRPORTS="20230303:20240806 20250909:20260803"`` tries those instead, with page sizes and kills by chance.
"""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from packsys.sdk import Context, ObjectSchema, Pack, Page, Property, Text
from packsys.store.database import Database
from packsys.syncmodel import Counts, Mode, RunState
from tests.ports.synchouse import strict, syncs_in_postgres
from tests.sync.fate import survive
from tests.sync.source import PACK
from tests.sync.test_kills import agree
from tests.sync.world import world

pytestmark = [pytest.mark.slow, pytest.mark.setup]

COLUMNS = ("icao", "iata", "name", "city", "subd", "country", "elevation", "lat", "lon", "tz", "lid")
Airport = ObjectSchema(
    "Airport",
    id="Icao",
    properties={each.capitalize(): Property(Text, from_key=each, required=each == "icao") for each in COLUMNS},
)


Rows: TypeAlias = list[dict[str, str]]
Releases: TypeAlias = Callable[[str], Rows]

BEFORE, AFTER = "20221121", "20231230"
KNOWN = Counts(rows=28_135, added=26, updated=1739, unchanged=26_370, deleted=21)
"""What the second of these releases must bring."""


@dataclass(frozen=True)
class Case:
    """Is two releases, the size of a page, and what decides when workers are killed: nobody is where it is empty."""

    before: str = BEFORE
    after: str = AFTER
    size: int = 997
    seed: str = "1"

    def __str__(self) -> str:
        """Names the case."""
        return f"{self.before}:{self.after} by {self.size}{' with kills' * bool(self.seed)}"


def _asked() -> Iterator[Case]:
    """Gives the cases that the environment asks for."""
    for pair in os.environ.get("PACKSYS_AIRPORTS", "").split():
        before, after = pair.split(":")
        yield Case(before, after, random.Random(pair).randint(50, 9000), pair)


LONG = [Case(size=1000, seed=""), Case(size=5000, seed="2"), Case(size=40_000, seed="")]
CASES = [*_asked(), Case(), *(pytest.param(case, marks=pytest.mark.long) for case in LONG)]


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Releases:
    """Gives the airports of a release; skips where no package index can be reached."""

    @cache
    def release(version: str) -> Rows:
        folder = tmp_path_factory.mktemp(version)
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        if subprocess.run([*install, f"airportsdata=={version}"], check=False, capture_output=True).returncode:
            pytest.skip(f"airportsdata {version} cannot be had here: there is no package index, or no such release.")
        return _read(folder / "airportsdata" / "airports.csv")

    return release


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pack_over(rows: list[dict[str, str]], size: int) -> Pack:
    """Makes a pack that gives rows in pages of a size."""
    pack = Pack(id=PACK, name="Airports", version="1.0.0", description="Lists airports.")

    @pack.sync_table(schema=Airport)
    def things(context: Context) -> Page:
        """Lists all airports."""
        begin = int(context.sync.continuation.get("from", 0))
        more = begin + size < len(rows)
        return Page(rows[begin : begin + size], continuation={"from": begin + size} if more else None)

    return pack


def compared(before: Rows, after: Rows) -> Counts:
    """Says what becomes of rows, by looking at each of them."""
    old, new = ({row["icao"]: row for row in rows} for rows in (before, after))
    same = sum(old.get(key) == row for key, row in new.items())
    added, deleted = len(new.keys() - old.keys()), len(old.keys() - new.keys())
    changed = len(new) - same - added
    return Counts(rows=len(after), added=added, updated=changed, unchanged=same, deleted=deleted)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_second_release_brings_what_it_must(releases: Releases, database: Database, case: Case) -> None:
    house, chance, rows = syncs_in_postgres(database), random.Random(case.seed), list[dict[str, str]]()
    table = house.table(pack_id=PACK, table="Things", guard=strict())
    told: list[Counts] = []
    made = world(house=house, pack=pack_over(rows, case.size), slice=1.0)
    for version in (case.before, case.after):
        rows[:] = releases(version)
        run = survive(made, made.start(table.id, mode=Mode.FULL), _blows(chance) if case.seed else [])
        assert run.state is RunState.SUCCEEDED
        told.append(run.counts)
    before, after = releases(case.before), releases(case.after)
    assert told == [compared([], before), compared(before, after)]
    assert told[1] == KNOWN or (case.before, case.after) != (BEFORE, AFTER)
    kept = {key: dict(values) for key, values in house.values(table).items()}
    assert kept == {row["icao"]: {key.capitalize(): value for key, value in row.items()} for row in rows}
    agree(made, table)


def _blows(chance: random.Random) -> list[Any]:
    return [(chance.randint(1, 40), chance.random() < 0.5, chance.random() < 0.5, []) for _ in range(6)]
