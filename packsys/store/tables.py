"""The tables, as the newest migration leaves them. Times are PostgreSQL's own clock."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from packsys.store import scheduletables, synctables
from packsys.store.metadata import ROOM, UNFINISHED, metadata
from packsys.store.types import AnyText, InvocationText, ValueText

# Of what is imported: one register for all tables, and what else is in it.
__all__ = ["metadata", "scheduletables", "synctables"]


def _time() -> DateTime:
    return DateTime(timezone=True)


# ``events`` counts the job's events, ``moved_at`` is the time of the last one or of the last time that the
# reconciler sent the job, ``sends`` counts those times since the job last moved. ``outcome`` is the value of a job
# that is done, the error of one that failed. ``steps`` counts the job's steps, ``open`` those that have no outcome,
# ``waves`` its waves, ``bytes`` what its outcomes take; when no more than ``look_at`` steps are open it is looked at.
# ``asked_at`` is what the formula takes for now.
job = Table(
    "job",
    metadata,
    Column("id", AnyText(), primary_key=True),
    Column("workspace", AnyText(), nullable=False),
    Column("idempotency_key", AnyText()),
    Column("fingerprint", AnyText(), nullable=False),
    Column("formula", AnyText(), nullable=False),
    Column("tree", AnyText(), nullable=False),
    Column("variables", ValueText(), nullable=False),
    Column("asked_by", AnyText(), nullable=False),
    Column("timezone", AnyText(), nullable=False),
    Column("locale", AnyText(), nullable=False, server_default="en"),
    Column("priority", Text(), nullable=False, server_default="interactive"),
    Column("state", Text(), nullable=False),
    Column("accepted_at", _time(), nullable=False),
    Column("deadline", _time(), nullable=False),
    Column("started_at", _time()),
    Column("finished_at", _time()),
    Column("outcome", ValueText()),
    Column("events", Integer(), nullable=False),
    Column("moved_at", _time(), nullable=False),
    Column("sends", Integer(), nullable=False, server_default="0"),
    *(Column(name, Integer(), nullable=False, server_default="0") for name in ("steps", "open", "waves", "look_at")),
    Column("bytes", BigInteger(), nullable=False, server_default="0"),
    Column("asked_at", _time()),
    Column("callback", AnyText()),
    UniqueConstraint("workspace", "idempotency_key"),
    Index("job_unfinished", "deadline", postgresql_where=UNFINISHED),
    postgresql_with=ROOM,
)

# ``attempt`` is the fencing number of the last claim. ``sent_at`` is when the step was last sent, or given back,
# ``sends`` counts how often the reconciler sent it since it was last taken or given back, ``parked`` the claims that
# were given back untried.
step = Table(
    "step",
    metadata,
    Column("job", AnyText(), primary_key=True),
    Column("key", AnyText(), primary_key=True),
    Column("number", Integer(), nullable=False),
    Column("wave", Integer(), nullable=False),
    Column("invocation", InvocationText(), nullable=False),
    Column("state", Text(), nullable=False),
    Column("attempt", Integer(), nullable=False, server_default="0"),
    Column("worker", AnyText()),
    Column("lease_until", _time()),
    Column("cached", Boolean(), nullable=False, server_default="false"),
    Column("outcome", ValueText()),
    Column("queued_at", _time(), nullable=False),
    Column("started_at", _time()),
    Column("finished_at", _time()),
    Column("not_before", _time()),
    Column("sent_at", _time(), nullable=False),
    Column("sends", Integer(), nullable=False, server_default="0"),
    Column("acts", Boolean(), nullable=False, server_default="false"),
    Column("parked", Integer(), nullable=False, server_default="0"),
    Index("step_unfinished", "job", postgresql_where=UNFINISHED),
    postgresql_with=ROOM,
)

event = Table(
    "event",
    metadata,
    Column("job", AnyText(), primary_key=True),
    Column("number", Integer(), primary_key=True),
    Column("at", _time(), nullable=False),
    Column("kind", Text(), nullable=False),
    Column("step", AnyText()),
    Column("detail", ValueText(), nullable=False),
)

# The message about a job, or a sync run, that ended and had a callback: ``job`` is the id of either. ``attempt`` is the
# fencing number of who took it last, and ``tries`` counts the same since it was last asked for. ``lease_until`` is in
# the future while somebody sends it.
delivery = Table(
    "delivery",
    metadata,
    Column("job", AnyText(), primary_key=True),
    Column("about", Text(), nullable=False, server_default="job"),
    Column("workspace", AnyText(), nullable=False),
    Column("url", AnyText(), nullable=False),
    Column("state", Text(), nullable=False, server_default="pending"),
    Column("attempt", Integer(), nullable=False, server_default="0"),
    Column("tries", Integer(), nullable=False, server_default="0"),
    Column("due_at", _time(), nullable=False),
    Column("lease_until", _time()),
    Column("delivered_at", _time()),
    Column("status", Integer()),
    Column("reason", AnyText(), nullable=False, server_default=""),
    CheckConstraint("state in ('pending', 'delivered', 'dead')", name="state"),
    CheckConstraint("about in ('job', 'run')", name="about"),
    Index("delivery_due", "due_at", postgresql_where=text("state = 'pending'")),
    Index("delivery_dead", "due_at", postgresql_where=text("state = 'dead'")),
    Index("delivery_workspace", "workspace", "job"),
)

# What a workspace's messages are signed with; one without an end is the newest.
webhook_secret = Table(
    "webhook_secret",
    metadata,
    Column("workspace", AnyText(), primary_key=True),
    Column("id", AnyText(), primary_key=True),
    Column("sealed", LargeBinary(), nullable=False),
    Column("created_at", _time(), nullable=False),
    Column("expires_at", _time()),
)

connection = Table(
    "connection",
    metadata,
    Column("workspace", AnyText(), primary_key=True),
    Column("id", AnyText(), primary_key=True),
    Column("pack_id", BigInteger(), nullable=False),
    Column("name", AnyText(), nullable=False),
    Column("sealed", LargeBinary(), nullable=False),
    Column("endpoint", AnyText(), nullable=False),
    Column("state", Text(), nullable=False),
    Column("version", Integer(), nullable=False),
    Column("reason", AnyText(), nullable=False, server_default=""),
    Column("expires_at", _time()),
    Column("last_used_at", _time()),
    Column("refresh_owner", AnyText()),
    Column("refresh_until", _time()),
    Column("refresh_sent", LargeBinary()),
    Column("refresh_after", _time()),
    Column("failures", Integer(), nullable=False, server_default="0"),
    CheckConstraint("state in ('pending', 'active', 'error', 'needs_reauth', 'revoked')", name="state"),
)

# Lines are added and read, nothing else; each digest is over its line and the digest before it.
connection_audit = Table(
    "connection_audit",
    metadata,
    Column("workspace", AnyText(), primary_key=True),
    Column("connection", AnyText(), primary_key=True),
    Column("number", Integer(), primary_key=True),
    Column("version", Integer(), nullable=False),
    Column("at", _time(), nullable=False),
    Column("actor", AnyText(), nullable=False),
    Column("action", Text(), nullable=False),
    Column("source", AnyText(), nullable=False),
    Column("remark", AnyText(), nullable=False),
    Column("digest", LargeBinary(), nullable=False),
)

oauth_client = Table(
    "oauth_client",
    metadata,
    Column("workspace", AnyText(), primary_key=True),
    Column("pack_id", BigInteger(), primary_key=True),
    Column("client_id", AnyText(), nullable=False),
    Column("sealed", LargeBinary(), nullable=False),
)

# A sign-in that is under way, by the SHA-256 of its state; it is read once, by deleting it.
oauth_state = Table(
    "oauth_state",
    metadata,
    Column("digest", LargeBinary(), primary_key=True),
    Column("sealed", LargeBinary(), nullable=False),
    Column("expires_at", _time(), nullable=False),
    Index("oauth_state_expires_at", "expires_at"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("id", AnyText(), primary_key=True),
    Column("workspace", AnyText(), nullable=False),
    Column("name", AnyText(), nullable=False),
    Column("digest", LargeBinary(), nullable=False),
    Column("created_at", _time(), nullable=False),
    Column("revoked_at", _time()),
    Column("scopes", ARRAY(Text()), nullable=False, server_default=text("'{jobs,connections}'")),
    Index("api_key_workspace", "workspace"),
)

# One row for each pack version that was ever published; rows are added and read, nothing else.
pack_release = Table(
    "pack_release",
    metadata,
    Column("pack_id", BigInteger(), primary_key=True),
    Column("pack_version", Text(), primary_key=True),
    Column("name", AnyText(), nullable=False),
    Column("runtime", Text(), nullable=False),
    Column("sha256", Text(), nullable=False),
    Column("manifest", ValueText(), nullable=False),
    Column("archive", LargeBinary(), nullable=False),
    Column("published_by", AnyText(), nullable=False),
    Column("published_at", _time(), nullable=False, server_default=func.now()),
    CheckConstraint("runtime in ('python', 'javascript')", name="runtime"),
)

# Results that are good for long. ``stamp`` says how often the tags had been forgotten when the result was asked for.
result = Table(
    "result",
    metadata,
    Column("name", AnyText(), primary_key=True),
    Column("outcome", ValueText()),
    Column("tags", ARRAY(AnyText()), nullable=False),
    Column("stamp", BigInteger(), nullable=False),
    Column("fresh_until", _time(), nullable=False),
    Index("result_tags", "tags", postgresql_using="gin"),
    Index("result_fresh_until", "fresh_until"),
)

# One row for each tag that was ever forgotten.
result_tag = Table(
    "result_tag",
    metadata,
    Column("tag", AnyText(), primary_key=True),
    Column("forgotten", BigInteger(), nullable=False),
)
