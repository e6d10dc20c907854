"""Published pack versions never change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from packsys.errors import Conflict
from packsys.memory import MemoryReleases
from packsys.model import Release
from packsys.ports import ReleaseStore
from packsys.store.database import open_database
from packsys.store.releases import PostgresReleases

FIRST = Release(
    pack_id=20_001,
    version="1.0.0",
    name="Weather",
    runtime="python",
    digest="a" * 64,
    manifest={"id": 20_001, "name": "Weather", "formulas": [{"name": "Now"}]},
    archive=b"\x00PK",
    published_by="maker",
)


@pytest.fixture(params=["memory", "postgres"])
def releases(request: pytest.FixtureRequest) -> Iterator[ReleaseStore]:
    """Gives each store, empty."""
    if request.param == "memory":
        yield MemoryReleases()
    else:
        database = open_database(request.getfixturevalue("database_url"))
        yield PostgresReleases(database)
        database.close()


def test_a_release_is_found_as_it_was_published(releases: ReleaseStore) -> None:
    assert releases.add(FIRST)
    assert releases.get(20_001, "1.0.0") == FIRST


def test_an_absent_release_is_not_found(releases: ReleaseStore) -> None:
    assert releases.get(20_001, "1.0.0") is None


def test_the_same_release_again_changes_nothing(releases: ReleaseStore) -> None:
    releases.add(FIRST)
    assert not releases.add(FIRST)


def test_a_version_never_changes(releases: ReleaseStore) -> None:
    releases.add(FIRST)
    with pytest.raises(Conflict, match=r"1\.0\.0"):
        releases.add(replace(FIRST, digest="b" * 64, archive=b"other"))
    assert releases.get(20_001, "1.0.0") == FIRST


def test_a_name_belongs_to_one_pack(releases: ReleaseStore) -> None:
    releases.add(FIRST)
    with pytest.raises(Conflict, match="20001"):
        releases.add(replace(FIRST, pack_id=20_002, name="WEATHER"))


def test_the_newest_release_of_each_pack_is_listed_by_name_without_its_archive(releases: ReleaseStore) -> None:
    newer = replace(FIRST, version="1.1.0", digest="c" * 64)
    other = replace(FIRST, pack_id=20_000, name="almanac", digest="d" * 64)
    for release in (FIRST, newer, other):
        releases.add(release)
    assert releases.newest() == [replace(other, archive=b""), replace(newer, archive=b"")]


def test_the_versions_of_a_pack_are_listed_last_published_first_without_archives(releases: ReleaseStore) -> None:
    newer = replace(FIRST, version="0.9.0", digest="c" * 64)
    for release in (FIRST, newer, replace(FIRST, pack_id=20_002, name="Other")):
        releases.add(release)
    assert releases.versions(20_001) == [replace(newer, archive=b""), replace(FIRST, archive=b"")]
    assert list(releases.versions(7)) == []
