"""Connected accounts, and what happened to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from sqlalchemy import ColumnElement, Row, Update, and_, bindparam, func, or_, select, tuple_, update
from sqlalchemy import Connection as Session
from sqlalchemy.dialects.postgresql import insert

from packsys.model import AuditEntry, AuditNote, Connection, ConnectionState
from packsys.store.database import Database
from packsys.store.light import Light
from packsys.store.tables import connection as table
from packsys.store.tables import connection_audit as audits

_ALL = Light(select(table).where(table.c.workspace == bindparam("workspace")).order_by(table.c.name, table.c.id))
_ONE = Light(select(table).where(table.c.workspace == bindparam("workspace"), table.c.id == bindparam("id")))
_USABLE = tuple(state for state in ConnectionState if state.usable)


class PostgresConnections:
    """Keeps connected accounts in PostgreSQL, sealed. Leases are told by the server's clock."""

    def __init__(self, database: Database) -> None:
        """Takes the way to the database."""
        self._database = database

    def add(self, connection: Connection, *, note: AuditNote | None = None) -> None:
        """Keeps a new connection, or replaces the one with the same id and workspace."""
        row = _row(connection)
        insertion = insert(table).values(row)
        with self._database.begin() as session:
            session.execute(insertion.on_conflict_do_update(constraint=table.primary_key, set_=row))
            _write_down(session, connection, note)

    def get(self, connection: str, *, workspace: str) -> Connection | None:
        """Finds a connection of a workspace by its id."""
        found = _ONE.alone(self._database.direct, {"workspace": workspace, "id": connection})
        return _connection(found[0]) if found else None

    def list(self, *, workspace: str) -> Sequence[Connection]:
        """Lists a workspace's connections by name."""
        return tuple(map(_connection, _ALL.alone(self._database.direct, {"workspace": workspace})))

    def replace(self, connection: Connection, *, expected: int, note: AuditNote | None = None) -> bool:
        """Keeps a new form of a connection where its row has the version ``expected``."""
        statement = _of(connection).where(table.c.version == expected).values(_row(connection))
        return self._change(statement, connection, note)

    def lease(self, connection: Connection, *, owner: str, seconds: float, sent: bytes) -> bool:
        """Takes the right to refresh this version, if it is free and due."""
        current = and_(table.c.version == connection.version, table.c.state.in_(_USABLE))
        statement = _of(connection).where(current, _passed("refresh_until"))
        until = func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
        values = {"refresh_owner": owner, "refresh_until": until, "refresh_sent": sent}
        return self._change(statement.where(_passed("refresh_after")).values(values), connection, None)

    def release(self, connection: Connection, *, owner: str, delay: float, note: AuditNote | None = None) -> bool:
        """Gives the right to refresh back, with what became of it."""
        values = {
            "state": connection.state,
            "reason": connection.reason,
            "failures": table.c.failures + 1,
            "refresh_owner": None,
            "refresh_until": None,
            "refresh_sent": connection.refresh_sent,
            "refresh_after": func.now() + func.make_interval(0, 0, 0, 0, 0, 0, delay),
        }
        held = and_(table.c.version == connection.version, table.c.refresh_owner == owner)
        return self._change(_of(connection).where(held).values(values), connection, note)

    def touch(self, connection: Connection) -> None:
        """Keeps now as the time of the last use."""
        self._change(_of(connection).values(last_used_at=func.now()), connection, None)

    def after(self, place: tuple[str, str], *, limit: int) -> Sequence[Connection]:
        """Lists connections of all workspaces by workspace and id."""
        key = (table.c.workspace, table.c.id)
        asked = select(table).where(tuple_(*key) > tuple_(*place)).order_by(*key).limit(limit)
        with self._database.connect() as session:
            return tuple(map(_connection, session.execute(asked)))

    def reseal(self, connection: Connection, *, before: bytes) -> bool:
        """Keeps another seal of the same secret."""
        same = and_(table.c.version == connection.version, table.c.sealed == before)
        return self._change(_of(connection).where(same).values(sealed=connection.sealed), connection, None)

    def audit(self, connection: str, *, workspace: str) -> Sequence[AuditEntry]:
        """Lists what happened to a connection, oldest first."""
        asked = select(audits).where(audits.c.workspace == workspace, audits.c.connection == connection)
        with self._database.connect() as session:
            return tuple(map(_entry, session.execute(asked.order_by(audits.c.number))))

    def _change(self, statement: Update, connection: Connection, note: AuditNote | None) -> bool:
        with self._database.begin() as session:
            changed = session.execute(statement.returning(table.c.version)).one_or_none() is not None
            _write_down(session, connection, note if changed else None)
        return changed


def _of(connection: Connection) -> Update:
    return update(table).where(table.c.workspace == connection.workspace, table.c.id == connection.id)


def _passed(column: str) -> ColumnElement[bool]:
    return or_(table.c[column].is_(None), table.c[column] < func.now())


def _row(connection: Connection) -> dict[str, Any]:
    return {field.name: getattr(connection, field.name) for field in fields(connection)}


def _connection(row: Any) -> Connection:
    return Connection(**{**row._asdict(), "state": ConnectionState(row.state)})


def _write_down(session: Session, connection: Connection, note: AuditNote | None) -> None:
    # Whoever writes holds the lock on the connection's row, so that numbers follow each other.
    if note is None:
        return
    own = and_(audits.c.workspace == connection.workspace, audits.c.connection == connection.id)
    asked = select(audits.c.number, audits.c.digest).where(own).order_by(audits.c.number.desc()).limit(1)
    number, previous = session.execute(asked).one_or_none() or (0, b"")
    entry = AuditEntry(
        workspace=connection.workspace,
        connection=connection.id,
        number=number + 1,
        version=connection.version,
        note=note,
    )
    session.execute(insert(audits).values(_audit_row(replace(entry, digest=entry.chained(previous)))))


def _audit_row(entry: AuditEntry) -> dict[str, Any]:
    note = {field.name: getattr(entry.note, field.name) for field in fields(entry.note)}
    own = {field.name: getattr(entry, field.name) for field in fields(entry) if field.name != "note"}
    return {**own, **note}


def _entry(row: Row[Any]) -> AuditEntry:
    said = {field.name: row._mapping[field.name] for field in fields(AuditNote)}
    own = {field.name: row._mapping[field.name] for field in fields(AuditEntry) if field.name != "note"}
    return AuditEntry(**own, note=AuditNote(**said))
