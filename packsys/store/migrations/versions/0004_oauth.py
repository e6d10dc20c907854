"""Gives connections what refreshes need, and makes the tables of their history, of clients and of sign-ins."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_STATES = "state in ('pending', 'active', 'error', 'needs_reauth', 'revoked')"


def _time(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _texts(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _bytes(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.LargeBinary(), nullable=nullable)


def upgrade() -> None:
    """Changes one table and makes three."""
    _change_connection()
    _make_audit()
    _make_client()
    _make_state()


def _change_connection() -> None:
    for column in (
        sa.Column("reason", sa.Text(), nullable=False, server_default=""),
        _time("expires_at"),
        _time("last_used_at"),
        sa.Column("refresh_owner", sa.Text()),
        _time("refresh_until"),
        _bytes("refresh_sent", nullable=True),
        _time("refresh_after"),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("connection", column)
    op.drop_constraint(op.f("connection_state_ck"), "connection")
    op.create_check_constraint(op.f("connection_state_ck"), "connection", _STATES)


def _make_audit() -> None:
    op.create_table(
        "connection_audit",
        *_texts("workspace", "connection", "actor", "action", "source", "remark"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _time("at", nullable=False),
        _bytes("digest"),
        sa.PrimaryKeyConstraint("workspace", "connection", "number", name="connection_audit_pk"),
    )


def _make_client() -> None:
    op.create_table(
        "oauth_client",
        *_texts("workspace", "client_id"),
        sa.Column("pack_id", sa.BigInteger(), nullable=False),
        _bytes("sealed"),
        sa.PrimaryKeyConstraint("workspace", "pack_id", name="oauth_client_pk"),
    )


def _make_state() -> None:
    op.create_table(
        "oauth_state",
        _bytes("digest"),
        _bytes("sealed"),
        _time("expires_at", nullable=False),
        sa.PrimaryKeyConstraint("digest", name="oauth_state_pk"),
    )
    op.create_index("oauth_state_expires_at", "oauth_state", ["expires_at"])
