"""A pack for benchmarks: it does next to nothing."""

from __future__ import annotations

from typing import Annotated, Any

from packsys.sdk import Context, Number, ObjectSchema, Pack, Page, Property, Text

pack = Pack(
    id=9300, name="Bench", version="1.0.0", description="Does next to nothing.", domains=["api.example.com"]
)  # fmt: skip
Row = ObjectSchema(
    "Row",
    id="Id",
    display="Name",
    properties={"id": Property(Number, required=True), "name": Text, "owner": Text, "stars": Number, "topic": Text},
)


@pack.formula()
def add(context: Context, a: Annotated[float, "One."], b: Annotated[float, "Other."]) -> float:
    """Adds two numbers."""
    return a + b


@pack.formula()
def ask(context: Context, times: Annotated[int, "How often."]) -> float:
    """Asks the service."""
    return sum(context.fetch("/things").status for _ in range(times))


@pack.formula(result=Row.list())
def rows(context: Context, count: Annotated[int, "How many."]) -> list[dict[str, Any]]:
    """Gives rows."""
    return made(count)


@pack.sync_table(schema=Row, name="Things", isolation="warm")
def things(context: Context) -> Page:
    """Gives a page of a thousand rows."""
    return Page(made(1_000))


def made(count: int) -> list[dict[str, Any]]:
    """Makes rows."""
    return [
        {"id": number, "name": f"name {number}", "owner": "somebody", "stars": number * 2, "topic": "things"}
        for number in range(count)
    ]
