"""A pack for tests: it fails, waits, counts and acts as it is told.

``Act`` writes to the file that the environment variable ``PROBE_LOG`` names, ``Attempts`` counts in the folder
that ``PROBE_DIR`` names: workers are other processes, so what they did must be found on disk.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Annotated

from packsys.sdk import (
    Context,
    Number,
    ObjectSchema,
    Pack,
    Page,
    Property,
    Response,
    StatusCodeError,
    Text,
    UserVisibleError,
)

pack = Pack(id=9001, name="Probe", version="1.0.0", description="Does what a test tells it to do.")

Receipt = ObjectSchema(
    "Receipt",
    id="Label",
    display="Label",
    properties={"label": Property(Text, required=True), "idempotency_key": Text},
)


@pack.formula(cache_ttl=60)
def remember(context: Context, value: Annotated[object, "What to give back."]) -> object:
    """Gives back what it was given, from the cache where it can."""
    return value


@pack.formula()
def echo(context: Context, value: Annotated[object, "What to give back."]) -> object:
    """Gives back what it was given."""
    return value


@pack.formula()
def add(context: Context, a: Annotated[float, "A number."], b: Annotated[float, "Another number."]) -> float:
    """Adds two numbers."""
    return a + b


@pack.formula(attempts=1)
def sleep(
    context: Context,
    seconds: Annotated[float, "How long to wait."],
    value: Annotated[object, "What to give back then."] = "slept",
) -> object:
    """Waits, and then gives back what it was given."""
    time.sleep(seconds)
    return value


@pack.formula(name="Raise")
def raise_(context: Context, message: Annotated[str, "What the exception says."]) -> str:
    """Raises an exception that is the pack's own fault."""
    raise RuntimeError(message)


@pack.formula()
def fail(context: Context, status: Annotated[int, "The status that a service would answer with."]) -> str:
    """Fails as if a service had answered with a status."""
    raise StatusCodeError(Response(status=status), url="https://probe.example/fail")


@pack.formula()
def refuse(context: Context, message: Annotated[str, "What the user is told."]) -> str:
    """Refuses the call with a message for its user."""
    raise UserVisibleError(message)


@pack.formula()
def wide(context: Context, n: Annotated[int, "How many numbers."]) -> list[float]:
    """Lists the whole numbers from 1."""
    return [*range(1, n + 1)]


@pack.formula(is_action=True, result=Receipt)
def act(context: Context, label: Annotated[str, "What to write."]) -> dict[str, str]:
    """Appends a line to the log, which is an effect that must happen once."""
    with Path(os.environ["PROBE_LOG"]).open("a", encoding="utf-8") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.write(f"{label}\n")
    return {"label": label, "idempotency_key": context.idempotency_key}


@pack.formula()
def attempts(
    context: Context,
    key: Annotated[str, "Which counter."],
    fail_first: Annotated[int, "How often to fail, in a way that is worth another try."] = 0,
) -> float:
    """Counts its own calls by key, and gives the count once it has failed often enough."""
    count = _counted(Path(os.environ["PROBE_DIR"]) / f"{key}.count")
    if count <= fail_first:
        raise StatusCodeError(Response(status=503), url="https://probe.example/attempts")
    return count


@pack.formula(cache_ttl=60)
def slowly(
    context: Context,
    key: Annotated[str, "Which counter."],
    seconds: Annotated[float, "How long the first one waits."] = 0,
) -> float:
    """Counts its own calls by key, as ``Attempts`` does, and gives the count."""
    count = _counted(Path(os.environ["PROBE_DIR"]) / f"{key}.count")
    time.sleep(seconds if count == 1 else 0)
    return count


def _counted(path: Path) -> int:
    with path.open("a+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        count = len(file.read()) + 1
        file.write(".")
    return count


Numbered = ObjectSchema(
    "Numbered", id="Number", display="Number", properties={"number": Property(Number, required=True), "label": Text}
)


@pack.sync_table(schema=Numbered)
def numbers(
    context: Context,
    pages: Annotated[int, "How many pages."] = 1,
    seconds: Annotated[float, "How long each takes."] = 0.0,
    label: Annotated[str, "What is written on each."] = "",
) -> Page:
    """Counts, ten numbers to a page."""
    time.sleep(seconds)
    page = int(context.sync.continuation.get("page", 0))
    rows = [{"number": number, "label": label} for number in range(10 * page, 10 * page + 10)]
    return Page(rows, continuation={"page": page + 1} if page + 1 < pages else None)
