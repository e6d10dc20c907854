"""Where a stream of numbered events begins."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Header, Query
from pydantic.json_schema import SkipJsonSchema

from packsys.errors import RequestError

FARTHEST = 999_999_999
"""The greatest number of an event that a request may name."""


def beginning(
    after: Annotated[int, Query(ge=0, le=FARTHEST, description="The number of the last event seen.")] = 0,
    last_event_id: Annotated[
        str | SkipJsonSchema[None],
        Header(
            alias="Last-Event-ID",
            description="The number of the last event seen, as browsers send it when they reconnect.",
            json_schema_extra={"pattern": "^[0-9]{1,9}$"},
        ),
    ] = None,
) -> int:
    """Tells after which event to begin; the header wins, since it is newer. Raises RequestError."""
    if last_event_id is None:
        return after
    if last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) <= 9:
        return int(last_event_id)
    raise RequestError("Last-Event-ID is not the number of an event: send the id of the last one seen.")


After = Annotated[int, Depends(beginning)]
