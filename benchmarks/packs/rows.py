"""A pack for benchmarks: a table of rows as a service gives them, page by page."""

from __future__ import annotations

from typing import Annotated

from packsys.sdk import (
    Boolean,
    Context,
    DateTime,
    Endpoint,
    HeaderBearerToken,
    Number,
    ObjectSchema,
    Pack,
    Page,
    Property,
    RateLimit,
    Text,
)

pack = Pack(
    id=9310, name="Rows", version="1.0.0", description="Reads rows.", domains=["rows.example"],
    authentication=HeaderBearerToken(endpoint=Endpoint()), rate_limits=[RateLimit(requests=100_000, seconds=1.0)],
)  # fmt: skip
PARTS = 8
Row = ObjectSchema(
    "Row",
    id="Id",
    display="Name",
    properties={
        "id": Property(Number, required=True),
        "name": Text,
        "email": Text,
        "city": Text,
        "score": Number,
        "active": Boolean,
        "changed_at": DateTime,
        "notes": Text,
    },
)


Part = ObjectSchema("Part", id="Id", display="Name", properties=Row.properties)


@pack.sync_table(schema=Part, name="Parts")
def parts(context: Context, size: Annotated[int, "Rows of a page."], delay: Annotated[float, "Seconds."] = 0.0) -> Page:
    """Reads all rows as eight partitions: each has every eighth page."""
    place = context.sync.continuation
    if not place:
        return Page([], partitions={f"{number}": {"page": number} for number in range(PARTS)})
    answer = context.fetch("/rows", query={"page": place["page"], "size": size, "delay": delay}).json()
    return Page(answer["rows"], continuation=None if answer["next"] is None else {"page": place["page"] + PARTS})


@pack.sync_table(schema=Row, name="Rows")
def rows(context: Context, size: Annotated[int, "Rows of a page."], delay: Annotated[float, "Seconds."] = 0.0) -> Page:
    """Reads all rows."""
    number = context.sync.continuation.get("page", 0)
    answer = context.fetch("/rows", query={"page": number, "size": size, "delay": delay}).json()
    return Page(answer["rows"], continuation=None if answer["next"] is None else {"page": answer["next"]})
