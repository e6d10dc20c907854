"""Real data with known answers: two releases of a list of airports, one after the other.

The numbers are those of a comparison of the two lists that knows nothing of packsys.
"""

from __future__ import annotations

import csv
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from packsys.sdk import Context, ObjectSchema, Pack, Page, Property, Text
from packsys.store.database import Database
from packsys.syncmodel import Counts, Mode
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


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, str]]]:
    """Gives the airports of two releases; skips where no package index can be reached."""
    found = {}
    for version in ("20221121", "20231230"):
        folder = tmp_path_factory.mktemp(version)
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        if subprocess.run([*install, f"airportsdata=={version}"], check=False, capture_output=True).returncode:
            pytest.skip("airportsdata cannot be had here: there is no package index.")
        found[version] = _read(folder / "airportsdata" / "airports.csv")
    return found


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


@pytest.mark.parametrize(("size", "seed"), [(1000, None), (997, 1), (5000, 2), (40_000, None)])
def test_the_second_release_brings_what_it_must(
    releases: dict[str, list[dict[str, str]]],
    database: Database,
    size: int,
    seed: int | None,
) -> None:
    house, chance = syncs_in_postgres(database), random.Random(seed)
    table, rows = house.table(pack_id=PACK, table="Things", guard=strict()), list(releases["20221121"])
    told: list[Counts] = []
    made = world(house=house, pack=pack_over(rows, size), slice=1.0)
    for version in ("20221121", "20231230"):
        rows[:] = releases[version]
        run = made.start(table.id, mode=Mode.FULL)
        told.append(survive(made, run, _blows(chance) if seed else []).counts)
    old, new = len(releases["20221121"]), len(releases["20231230"])
    assert told[0] == Counts(rows=old, added=old)
    assert told[1] == Counts(rows=new, added=26, updated=1739, unchanged=26_370, deleted=21)
    assert new == 28_135
    kept = {key: dict(values) for key, values in house.values(table).items()}
    assert kept == {row["icao"]: {key.capitalize(): value for key, value in row.items()} for row in rows}
    agree(made, table)


def _blows(chance: random.Random) -> list[Any]:
    return [(chance.randint(1, 40), chance.random() < 0.5, chance.random() < 0.5, []) for _ in range(6)]
