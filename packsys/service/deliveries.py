"""Messages to callbacks over HTTP: which there are, and once more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, Field
from pydantic.json_schema import SkipJsonSchema

from packsys.errors import NotFound
from packsys.model import Delivery, DeliveryState, Scope, Subject
from packsys.service.auth import Caller, House, keyed_router
from packsys.service.problems import declare

router = keyed_router(Scope.JOBS, tag="deliveries")

MOST = 1_000
"""Deliveries that one answer lists."""

State = Annotated[DeliveryState | SkipJsonSchema[None], Query(description="List those in this state only.")]
Before = Annotated[UUID | SkipJsonSchema[None], Query(description="The `id` of the last one seen, for the next page.")]
Limit = Annotated[int, Query(ge=1, le=MOST)]
DeliveryId = Annotated[UUID, Path(description="The id of the job, or the sync run, that the message is about.")]


class DeliveryView(BaseModel):
    """Is the message about the end of a job or a sync run, on its way to a callback. ``tries`` counts attempts."""

    id: str = Field(description="The id of the job or run; the message itself carries it behind `msg_`.")
    about: Subject = Field(description="What has ended.")
    url: str
    state: DeliveryState
    tries: int
    due_at: datetime = Field(description="When the next attempt is made, if it is pending.")
    delivered_at: datetime | None
    status: int | None = Field(description="The status of the last answer.")
    reason: str = Field(description="Why the last attempt failed, in a sentence.")


@router.get("/deliveries")
def list_deliveries(
    *, house: House, key: Caller, state: State = None, before: Before = None, limit: Limit = 100
) -> list[DeliveryView]:
    """Lists the messages to callbacks of the workspace, those about the newest jobs first."""
    last = str(before) if before else None
    rows = house.deliveries.list(workspace=key.workspace, state=state, before=last, limit=limit)
    return [view(each) for each in rows]


@router.post("/deliveries/{delivery}/retry", responses=declare(404))
def retry_delivery(delivery: DeliveryId, house: House, key: Caller) -> DeliveryView:
    """Sends a message once more, at once and on the whole schedule, whatever became of it before."""
    row = house.deliveries.retry(str(delivery), workspace=key.workspace)
    if row is None:
        raise NotFound(f"There is no delivery {delivery} in this workspace.")
    house.deliver.post()
    return view(row)


def view(delivery: Delivery) -> DeliveryView:
    """Shows a delivery to clients."""
    return DeliveryView(
        id=delivery.job,
        about=delivery.about,
        url=delivery.url,
        state=delivery.state,
        tries=delivery.tries,
        due_at=delivery.due_at,
        delivered_at=delivery.delivered_at,
        status=delivery.status,
        reason=delivery.reason,
    )
