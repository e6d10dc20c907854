"""Rows of sync tables over HTTP: which there are, what happened to them, and what was set aside."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema

from packsys.model import Scope
from packsys.service.auth import Caller, House, keyed_router
from packsys.service.fields import STRICT, Whole, whole
from packsys.service.problems import declare
from packsys.service.syncs import SyncId
from packsys.service.syncviews import (
    ChangeView,
    CountsView,
    CountView,
    LetterView,
    RowsView,
    change_view,
    counts_view,
    letter_view,
    row_view,
)
from packsys.sync.selecting import TERM

router = keyed_router(Scope.SYNCS, tag="syncs")

FARTHEST = 2**53 - 1
"""The greatest number that a request may name."""

Term = Annotated[str, Field(pattern=f"^{TERM}", max_length=2_000)]
Where = Annotated[
    list[Term],
    Query(
        default_factory=list,
        max_length=20,
        description="What rows must be like, all of it: a property, one of = != < <= > >=, and a value as text; "
        "nothing behind = or != stands for a blank.",
        examples=[["Stars>=5", "Language="]],
    ),
]
Sort = Annotated[
    str, Query(max_length=101, description="A property to sort by, backwards behind a -; by key if absent.")
]
Cursor = Annotated[
    str | SkipJsonSchema[None],
    Query(max_length=10_000, description="What the page before gave as `next`."),
]
Limit = Annotated[int, Query(ge=1, le=1_000)]
After = Annotated[int, Query(ge=0, le=FARTHEST, description="The number of the last one seen.")]
Gone = Annotated[bool, Query(description="Whether rows that are gone are listed, too.")]

Letter = Annotated[int, Field(ge=0, le=FARTHEST), BeforeValidator(whole)]
"""The id of a row that was set aside."""


class ReplayRequest(BaseModel):
    """Says which rows to replay."""

    model_config = STRICT

    after: Whole = Field(0, ge=0, le=FARTHEST, description="The id of the last one that is left alone.")
    limit: Whole = Field(1_000, ge=1, le=1_000)


class DiscardRequest(BaseModel):
    """Says which rows to forget."""

    model_config = STRICT

    ids: list[Letter] = Field(min_length=1, max_length=1_000)


@router.get("/syncs/{sync}/rows", responses=declare(404, 409))
def list_rows(
    *,
    sync: SyncId,
    house: House,
    key: Caller,
    where: Where,
    sort: Sort = "",
    cursor: Cursor = None,
    limit: Limit = 100,
    deleted: Gone = False,
) -> RowsView:
    """Lists rows, page by page. A page begins behind the last row of the one before, whatever changes meanwhile.

    Blanks come last. To sort, or to filter, takes a look at every row of the table.
    """
    found = house.syncs.select(
        str(sync),
        workspace=key.workspace,
        where=where,
        sort=sort,
        cursor=cursor,
        limit=limit,
        deleted=deleted,
    )
    return RowsView(rows=[row_view(each) for each in found.rows], next=found.cursor)


@router.get("/syncs/{sync}/changes", responses=declare(404))
def list_changes(sync: SyncId, house: House, key: Caller, after: After = 0, limit: Limit = 100) -> list[ChangeView]:
    """Lists what happened to rows after a number. Nothing ever appears before a number that was read."""
    house.syncs.tables.get(str(sync), workspace=key.workspace)
    return [change_view(each) for each in house.syncs.rows.changes(str(sync), after=after, limit=limit)]


@router.get("/syncs/{sync}/rejects", responses=declare(404))
def list_rejects(sync: SyncId, house: House, key: Caller, after: After = 0, limit: Limit = 100) -> list[LetterView]:
    """Lists the rows that were set aside because they did not fit, as they came, with the reasons."""
    house.syncs.tables.get(str(sync), workspace=key.workspace)
    return [letter_view(each) for each in house.syncs.rows.dead_letters(str(sync), after=after, limit=limit)]


@router.post("/syncs/{sync}/rejects/replay", responses=declare(404, 409))
def replay_rejects(sync: SyncId, asked: ReplayRequest, house: House, key: Caller) -> CountsView:
    """Checks rows that were set aside once more, and keeps those that fit now."""
    kept = house.syncs.replay(str(sync), workspace=key.workspace, after=asked.after, limit=asked.limit)
    return counts_view(kept)


@router.post("/syncs/{sync}/rejects/discard", responses=declare(404))
def discard_rejects(sync: SyncId, asked: DiscardRequest, house: House, key: Caller) -> CountView:
    """Forgets rows that were set aside, and counts them."""
    house.syncs.tables.get(str(sync), workspace=key.workspace)
    return CountView(count=house.syncs.rows.discard(str(sync), asked.ids))
