"""Checks the rows of a table against its schema: compiled once for a run, then one row after another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any, cast

from packsys.sdk import ObjectSchema
from packsys.sdk.fitting import Misfit, show
from packsys.sync.columns import stored_by_column
from packsys.sync.fingerprint import Digest, digesting
from packsys.sync.storing import Members, Notes, Place, members, missing, places
from packsys.sync.writing import clean, write, write_all, write_quickly
from packsys.syncmodel import Checked, NewRow, Reason, Reject
from packsys.values import Failure, Json

LONGEST_KEY = 1024
"""Characters of a row's key, as in the packs that people know."""

LARGEST_ROW = 1 << 20
"""Bytes of one row as JSON."""

MOST_REASONS = 20
_WIDE = 1 << 64
_UNSTORABLE = "characters that PostgreSQL cannot keep, replaced by U+FFFD"


@dataclass(frozen=True, kw_only=True)
class Coercion:
    """Says how often the values of a property were read as another kind than they came in, with the first one."""

    path: str
    count: int
    example: str


class Checker:
    """Is the check of one schema. It keeps nothing between two rows, so that threads may share it."""

    def __init__(self, schema: ObjectSchema, *, zone: tzinfo = UTC) -> None:
        """Compiles the check; ``zone`` is that of times which come without one."""
        self.schema = schema
        self._plan: tuple[Place, ...] = places(schema, "", zone)
        self._store: Members = members(schema, "", zone)
        self._digest: Digest = digesting(schema)
        self._id: Place = next(each for each in self._plan if each.name == schema.id)

    def __call__(self, rows: Iterable[object]) -> Checked:
        """Sorts rows into those that fit and those to be set aside, each in the order in which they came.

        The service's keys become the names of properties, and values are adapted to their declared types; a row's
        ``notes`` say which ones came in another kind. One bad row never spoils the others.
        """
        came = [*rows]
        together = self._together(came)
        return self._one_by_one(came) if together is None else Checked(rows=together, rejects=[])

    def key(self, value: object) -> str:
        """Gives the key of the row whose id a service writes as ``value``: 7, 7.0 and "7" are one.

        Raises :class:`~packsys.sdk.fitting.Misfit`.
        """
        return _key(None if value is None else self._id.store(value, {}))

    def _together(self, rows: Sequence[Any]) -> list[NewRow] | None:
        """Checks rows as one, and gives None where some of them need care."""
        if self.schema.open or not {*map(type, rows)} <= {dict}:
            return None
        notes: list[Notes] = [{} for _ in rows]
        try:
            stored = stored_by_column(self._plan, rows, notes)
            keys = [_key(each.get(self._id.name)) for each in stored]
        except (Misfit, Failure):
            return None
        written = write_all(stored)
        if written is None or max(map(len, written), default=0) > LARGEST_ROW:
            return None
        return [*map(NewRow, keys, map(bytes.decode, written), map(self._digest, stored, written), notes)]

    def _one_by_one(self, rows: Iterable[Any]) -> Checked:
        good: list[NewRow] = []
        bad: list[Reject] = []
        for raw in rows:
            try:
                good.append(self._row(raw))
            except (Misfit, Failure):
                bad.append(self._rejected(raw))
        return Checked(rows=good, rejects=bad)

    def _row(self, raw: Any) -> NewRow:
        notes: Notes = {}
        if raw.__class__ is not dict and not isinstance(raw, Mapping):
            raise Misfit(expected="an object", found=show(raw))
        stored: Json = self._store(raw, notes)
        written = write_quickly(stored)
        if written is None:
            stored = _cleaned(cast("dict[str, Json]", stored), notes)
            written = write(stored)
        if len(written) > LARGEST_ROW:
            raise Misfit(expected=f"at most {LARGEST_ROW} bytes", found=f"{len(written)} bytes")
        key = _key(cast("dict[str, Json]", stored).get(self._id.name))
        return NewRow(key, written.decode(), self._digest(stored, written), notes)

    def _rejected(self, raw: Any) -> Reject:
        if not isinstance(raw, Mapping):
            return Reject(raw={"": raw}, reasons=(_reason("", "type", Misfit(expected="an object", found=show(raw))),))
        reasons = [reason for place in self._plan if (reason := self._fault(place, raw))]
        return Reject(raw=raw, reasons=(reasons or [self._whole(raw)])[:MOST_REASONS], key=self._known_key(raw))

    def _fault(self, place: Place, raw: Mapping[str, Any]) -> Reason | None:
        value = raw.get(place.key)
        rule = "required" if value is None else "id" if place is self._id else "type"
        try:
            if value is None and place.declared.required:
                raise missing(raw, place.key, place.declared)
            stored = None if value is None else clean(place.store(value, {}))
            if place is self._id:
                _key(stored)
        except (Misfit, Failure) as problem:
            return _reason(place.name, rule, problem)
        return None

    def _whole(self, raw: Mapping[str, Any]) -> Reason:
        """Finds what is wrong with a row whose declared properties are all right, each by itself."""
        try:
            self._row(raw)
        except (Misfit, Failure) as problem:
            return _reason("", "row", problem)
        raise AssertionError("A row was refused and then accepted: the check is not a function of the row.")

    def _known_key(self, raw: Mapping[str, Any]) -> str | None:
        try:
            return self.key(raw.get(self._id.key))
        except (Misfit, Failure):
            return None


def coercions(rows: Iterable[NewRow]) -> Sequence[Coercion]:
    """Counts what was adapted in rows, by property, in the order of first occurrence."""
    found: dict[str, Coercion] = {}
    for row in rows:
        for path, note in row.notes.items():
            known = found.get(path)
            count, example = (known.count, known.example) if known else (0, note)
            found[path] = Coercion(path=path, count=count + 1, example=example)
    return tuple(found.values())


def _key(stored: Json) -> str:
    if stored.__class__ is int and -_WIDE < stored < _WIDE:
        return str(stored)  # as nearly all of them are
    match stored:
        case str() if stored and stored == clean(stored):
            key = stored
        case int() | float() if not isinstance(stored, bool):
            key = str(stored)
        case _:
            raise Misfit(expected="an id, a number or a text that is not empty", found=show(stored))
    if len(key) > LONGEST_KEY:
        raise Misfit(expected=f"an id of at most {LONGEST_KEY} characters", found=f"one of {len(key)}")
    return key


def _cleaned(stored: dict[str, Json], notes: Notes) -> Json:
    mended = {name: clean(value) for name, value in stored.items()}
    for name, value in stored.items():
        if mended[name] != value:
            notes[name] = _UNSTORABLE
    return clean(cast("Json", mended))


def _reason(name: str, rule: str, problem: Misfit | Failure) -> Reason:
    if isinstance(problem, Failure):
        return Reason(path=name, rule=rule, message=problem.error.message)
    path = f"{name}{problem.path}".lstrip(".")
    subject = (path if path.isprintable() else "A value") or "The row"
    return Reason(path=path, rule=rule, message=f"{subject} must be {problem.expected}, but is {problem.found}.")
