"""Published pack versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from packsys.errors import Conflict
from packsys.model import Release
from packsys.store.database import Database
from packsys.store.tables import pack_release as table

# Two columns have names of their own: in other tables these words are numbers and bytes.
_NAMES = {"version": "pack_version", "digest": "sha256"}
_COLUMNS = {field.name: table.c[_NAMES.get(field.name, field.name)] for field in fields(Release)}

_LAST_FIRST = (table.c.published_at.desc(), table.c.pack_version.desc())


class PostgresReleases:
    """Keeps pack versions in PostgreSQL, archives included: what runs anywhere can be fetched everywhere."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def add(self, release: Release) -> bool:
        """Keeps a new release; False when the same one is there already. Raises Conflict."""
        row = {column.name: getattr(release, field) for field, column in _COLUMNS.items()}
        with self._database.begin() as session:
            # One publisher at a time: two packs must not take one name between our look and our insertion.
            session.execute(select(func.pg_advisory_xact_lock(func.hashtext("pack_release"))))
            _check_name(session.scalars(_owners(release.name)).all(), release)
            added = session.scalar(insert(table).values(row).on_conflict_do_nothing().returning(table.c.pack_id))
            return added is not None or _same(session.scalar(_digest(release)), release)

    def get(self, pack_id: int, version: str) -> Release | None:
        """Finds a release."""
        asked = select(*_selected()).where(table.c.pack_id == pack_id, table.c.pack_version == version)
        with self._database.connect() as session:
            row = session.execute(asked).one_or_none()
        return None if row is None else _release(row)

    def newest(self) -> Sequence[Release]:
        """Lists the release of each pack that was published last, by name, without its archive."""
        last = _without_archives().ext(distinct_on(table.c.pack_id))
        asked = last.order_by(table.c.pack_id, *_LAST_FIRST)
        with self._database.connect() as session:
            found = [_release(row) for row in session.execute(asked)]
        return sorted(found, key=lambda release: release.name.casefold())

    def versions(self, pack_id: int) -> Sequence[Release]:
        """Lists the releases of a pack without their archives, the one that was published last first."""
        asked = _without_archives().where(table.c.pack_id == pack_id)
        with self._database.connect() as session:
            return [_release(row) for row in session.execute(asked.order_by(*_LAST_FIRST))]


def _selected(**instead: Any) -> list[Any]:
    return [instead.get(field, column).label(field) for field, column in _COLUMNS.items()]


def _without_archives() -> Any:
    return select(*_selected(archive=literal(b"")))


def _owners(name: str) -> Any:
    return select(table.c.pack_id).where(func.lower(table.c.name) == name.lower()).distinct()


def _digest(release: Release) -> Any:
    return select(table.c.sha256).where(table.c.pack_id == release.pack_id, table.c.pack_version == release.version)


def _check_name(owners: Sequence[int], release: Release) -> None:
    if set(owners) - {release.pack_id}:
        raise Conflict(f"The name {release.name!r} belongs to the pack {owners[0]}: choose another name.")


def _same(digest: str | None, release: Release) -> bool:
    if digest != release.digest:
        raise Conflict(
            f"{release.name} {release.version} was published before, with other contents: versions never change, "
            "so raise the version."
        )
    return False


def _release(row: Any) -> Release:
    return Release(**row._mapping)
