"""A service with a table that changes while it is read, and the pack that reads it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from packsys.errors import PacksysError
from packsys.model import Connection, PackVersion
from packsys.ports import Request, Response
from packsys.sdk import Context, Dynamic, Number, ObjectSchema, Pack, Page, Property, Text

PACK = 9010


def columns(**more: Any) -> dict[str, Any]:
    """Gives the properties of a row."""
    return {"Id": Property(Text, from_key="id", required=True), "Value": Property(Number, from_key="value"), **more}


Thing = ObjectSchema("Thing", id="Id", properties=columns())


@dataclass
class Source:
    """Is a service: rows by id, a log of what changed, and faults that it has next, one for each request.

    It pages by id, so that what is added or removed meanwhile shifts no other row. ``looping`` gives a continuation
    that leads nowhere, ``incomplete`` says that rows are missing. ``meanwhile`` happens while it is asked.
    """

    rows: dict[str, Any] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    size: int = 2
    faults: deque[PacksysError] = field(default_factory=deque)
    incomplete: bool = False
    looping: bool = False
    asked: list[dict[str, Any]] = field(default_factory=list)
    schema: ObjectSchema = Thing
    bad: list[dict[str, Any]] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def put(self, key: str, value: Any) -> None:
        """Adds or changes a row."""
        self.rows[key] = value
        self.log.append(key)

    def remove(self, key: str) -> None:
        """Removes a row."""
        del self.rows[key]
        self.log.append(key)

    def page(self, after: str, begins: str = "") -> dict[str, Any]:
        """Gives a page of all rows, or of those whose ids begin so."""
        keys = sorted(key for key in self.rows if key > after and key.startswith(begins))
        rows = [{"id": key, "value": self.rows[key]} for key in keys[: self.size]]
        more = len(keys) > self.size
        if self.looping:
            return {"rows": rows, "next": "", "more": True, "log": len(self.log)}
        return {"rows": rows, "next": keys[self.size - 1] if more else "", "more": more, "log": len(self.log)}

    def since(self, place: int) -> dict[str, Any]:
        """Gives a page of what changed since a place in the log."""
        end = min(place + self.size, len(self.log))
        keys = list(dict.fromkeys(self.log[place:end]))
        rows = [{"id": key, "value": self.rows[key]} for key in keys if key in self.rows]
        gone = [key for key in keys if key not in self.rows]
        return {"rows": rows, "gone": gone, "place": end, "more": end < len(self.log)}

    # As a way out.

    def open(self, pack: PackVersion, connection: Connection | None, **_: Any) -> Source:
        """Is the way out for every call."""
        return self

    def fetch(self, request: Request) -> Response:
        """Answers, or fails."""
        query = dict(request.query)
        self.asked.append(query)
        self.meanwhile()
        if self.faults:
            raise self.faults.popleft()
        everything = self.page(query.get("after", ""), query.get("begins", ""))
        answer = self.since(int(query["since"])) if "since" in query else everything
        return Response(status=200, headers={"content-type": "application/json"}, body=json.dumps(answer).encode())


def pack_over(source: Source) -> Pack:
    """Makes a pack with a table of everything and one that only the service can describe."""
    pack = Pack(
        id=PACK, name="Source", version="1.0.0", description="Reads the source.", domains=["source.example"],
        base_url="https://source.example",
    )  # fmt: skip

    @pack.sync_table(schema=Thing)
    def things(context: Context, kind: Annotated[str, "What kind."] = "") -> Page:
        """Reads all things."""
        return _page(context, source)

    @pack.sync_table(schema=ObjectSchema("PartedThing", id="Id", properties=columns()))
    def parted_things(context: Context) -> Page:
        """Reads all things by what their ids begin with, side by side."""
        return _part(context)

    @pack.sync_table(dynamic=Dynamic(schema=lambda context: source.schema))
    def any_things(context: Context) -> Page:
        """Reads what the service describes."""
        return _page(context, source)

    return pack


def _part(context: Context) -> Page:
    place = context.sync.continuation
    if "begins" not in place:
        named, more = ("01", {"named": 2}) if not place else ("19", None)
        partitions = {each: {"begins": each} for each in named}
        return Page([], partitions=partitions, continuation=more, completion=None if more else {"read": True})
    answer = context.fetch("/things", query={"after": place.get("after", ""), "begins": place["begins"]}).json()
    if answer["more"]:
        return Page(answer["rows"], continuation={**place, "after": answer["next"]})
    return Page(answer["rows"])


def _page(context: Context, source: Source) -> Page:
    sync = context.sync
    if sync.previous or "since" in sync.continuation:
        return _changes(context)
    answer = context.fetch("/things", query={"after": sync.continuation.get("after", "")}).json()
    log = sync.continuation.get("log", answer["log"])
    if answer["more"]:
        return Page(answer["rows"], continuation={"after": answer["next"], "log": log})
    return Page([*answer["rows"], *source.bad], completion={"since": log}, incomplete=source.incomplete)


def _changes(context: Context) -> Page:
    sync = context.sync
    place = sync.continuation.get("since", sync.previous.get("since"))
    answer = context.fetch("/things", query={"since": str(place)}).json()
    where = {"since": answer["place"]}
    if answer["more"]:
        return Page(answer["rows"], deleted=answer["gone"], continuation=where)
    return Page(answer["rows"], deleted=answer["gone"], completion=where)
