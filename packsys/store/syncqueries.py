"""The statements of ``sync.sql``, and what their rows mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from packsys.store.light import light
from packsys.store.queries import load
from packsys.store.synctables import COUNTED
from packsys.syncmodel import Counts, Guard, Mode, Phase, RunState, SyncClaim, SyncRun, SyncTable

SYNC = load(Path(__file__).with_name("sync.sql"))
LIGHT = light(SYNC)


def table(row: Row[Any]) -> SyncTable:
    """Reads an instance."""
    return SyncTable(
        id=row.table_id,
        workspace=row.workspace,
        pack_id=row.pack_id,
        table=row.pack_table,
        name=row.name,
        version=row.pack_version,
        account=row.account,
        parameters=row.parameters,
        dynamic_url=row.dynamic_url,
        timezone=row.timezone,
        paused=row.paused,
        completion=row.last_completion,
        schema=row.schema,
        policy=row.policy,
        guard=Guard(**row.guard),
        schedule=row.schedule,
        weight=row.weight,
        callback=row.callback,
        created_at=row.created_at,
    )


def columns(kept: SyncTable) -> dict[str, Any]:
    """Writes an instance."""
    return {
        "table_id": kept.id,
        "workspace": kept.workspace,
        "pack_id": kept.pack_id,
        "pack_version": kept.version,
        "pack_table": kept.table,
        "name": kept.name,
        "account": kept.account,
        "parameters": dict(kept.parameters),
        "dynamic_url": kept.dynamic_url,
        "timezone": kept.timezone,
        "paused": kept.paused,
        "last_completion": kept.completion,
        "schema": kept.schema,
        "policy": kept.policy,
        "guard": asdict(kept.guard),
        "schedule": kept.schedule,
        "weight": kept.weight,
        "callback": kept.callback,
        "lane": kept.lane,
    }


def run(row: Row[Any]) -> SyncRun:
    """Reads a run."""
    return SyncRun(
        id=row.run_id,
        table=row.table_id,
        workspace=row.workspace,
        mode=Mode(row.mode),
        trigger=row.trigger,
        state=RunState(row.state),
        phase=Phase(row.phase),
        partition=row.part,
        page=row.page,
        pages=row.pages,
        partitions=row.partitions,
        partitions_read=row.partitions_read,
        fence=row.fence,
        tries=row.tries,
        continuation=row.continuation,
        previous=row.previous,
        completion=row.completion,
        incomplete=row.incomplete,
        approved=row.approved,
        cause=row.cause,
        counts=counts(row),
        waits=row.waits,
        error=row.outcome,
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        not_before=row.not_before,
    )


def claim(row: Row[Any]) -> SyncClaim:
    """Reads a claim."""
    return SyncClaim(run=run(row), table=table(row))


def counts(row: Row[Any]) -> Counts:
    """Reads counts, as many as there are."""
    return Counts(**{name: value for name, value in row._asdict().items() if name in COUNTED})


def plain(found: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Makes what a pack gave fit to be written."""
    return None if found is None else dict(found)


def notes_text(notes: Mapping[str, str]) -> str | None:
    """Writes the notes of a row, none as nothing."""
    return json.dumps(notes) if notes else None
