"""A pack with something for every aim, good and bad, as source for the sandbox."""

SOURCE = b'''
import os
from typing import Annotated
from packsys.sdk import (Anything, Autocomplete, Choice, Context, Dynamic, HeaderBearerToken, Hint, ObjectSchema, Pack,
                         Page, Property, Number, StatusCodeError, TableAddress, Text, UserVisibleError)
from packsys.sandbox.protocol import encode

pack = Pack(id=9210, name="Asked", version="1.0.0", description="For a test.", domains=["a.example"],
            authentication=HeaderBearerToken())


def shelves(context, typed, arguments):
    return [Choice(display=typed + "!", value=typed)]


def titles(context, typed):
    return [{"display": "Yes", "value": 1}, "b"]


Thing = ObjectSchema("Thing", id="Id", properties={
    "id": Property(Number, required=True),
    "title": Property(Text.shown_as(Hint.SELECT_LIST, options=titles), mutable=True),
    "tags": Text.shown_as(Hint.SELECT_LIST, options=["x"]).list(),
})


@pack.sync_table(schema=Thing, name="Things")
def things(context: Context, shelf: Annotated[str, "Which.", Autocomplete(shelves)] = "") -> Page:
    """Lists things."""
    sync = context.sync
    if not sync.continuation:
        row = {"id": 1, "title": shelf, "at": sync.started_at, "tags": ("x",)}
        return Page([row], continuation={"page": 2})
    return Page([{"id": 2, "title": f"previous: {dict(sync.previous)}"}],
                completion={"since": sync.started_at.isoformat()}, deleted=[7, "eight"])


@pack.update("Things", max_update_batch_size=10)
def save(context, updates):
    return [saved(context, each) for each in updates]


def saved(context, update):
    match update.new["title"]:
        case "forbidden":
            return UserVisibleError("It is forbidden.")
        case "strange":
            return ValueError("strange")
        case "unavailable":
            try:
                context.fetch("/status/503")
            except StatusCodeError as error:
                return error
    return {"id": update.new["id"], "title": update.new["title"], "fields": update.fields}


@pack.connection_name
def who(context):
    return f"me in {context.locale}"


@pack.connection_user_id
def number(context):
    return 17


@pack.endpoint_step("Site")
def sites(context):
    return ["https://a.example"]


def sheet(context):
    key = context.sync.dynamic_url.strip("/").replace("/", "")
    return ObjectSchema("Sheet", id="Id", properties={"id": Text, key: Text})


@pack.sync_table(name="Sheets", description="Any sheet.", dynamic=Dynamic(
    schema=sheet,
    tables=lambda context: [TableAddress(url=context.sync.dynamic_url + "/1", name="One"),
                            TableAddress(url=context.sync.dynamic_url + "/2", name="Two", has_tables=True)],
    name=lambda context: f"Sheet {context.sync.dynamic_url}",
    search=lambda context, words: [TableAddress(url="/2", name=each) for each in ("One", "Two") if words in each],
    page=lambda context: f"https://a.example{context.sync.dynamic_url}",
))
def sheets(context: Context) -> Page:
    """Reads a sheet."""
    return Page([{"id": context.sync.dynamic_url}], incomplete=True)


@pack.sync_table(name="Odd", description="Answers nonsense.", dynamic=Dynamic(
    schema=lambda context: {"name": "Sheet"} and 5, tables=lambda context: ["/1"], name=lambda context: None,
    search=lambda context, words: "One", page=lambda context: "x" * 2001,
))
def odd(context: Context) -> Page:
    """Reads nothing."""
    return Page([])


def wrongs(context, typed, arguments):
    match typed:
        case "object":
            return [object()]
        case "inner":
            return [{"display": "x", "value": {"a": object()}}]
        case _:
            return list(range(10_001))


def forged(**parts):
    page = Page([])
    vars(page).update(parts)
    return page


@pack.sync_table(schema=ObjectSchema("Wrong", id="Id", properties={"id": Property(Text, mutable=True)}), name="Bad")
def bad(context: Context, how: Annotated[str, "How.", Autocomplete(wrongs)] = "") -> Page:
    """Does it wrong."""
    match how:
        case "no page":
            return []
        case "rows":
            return Page([5])
        case "lazy":
            return Page({} for _ in range(2))
        case "deleted":
            return Page([], deleted=[True])
        case "cursor":
            return Page([], continuation={"a": object()})
        case "large":
            return Page([], continuation={"a": "x" * 70_000})
        case "both":
            return Page([], continuation={}, completion={})
        case "forged cursor":
            return forged(continuation={"a": object()})
        case "forged large":
            return forged(continuation={"a": "x" * 70_000})
        case "forged both":
            return forged(continuation={"a": 1}, incomplete=True)
        case "nul":
            raise ValueError("a\\0b")
        case _:
            return {}["missing"]


@pack.update("Bad")
def spoil(context, updates):
    return [5 for _ in updates]


@pack.formula(connection="none", result=Anything.list())
def around(context: Context) -> list:
    """Shows its context."""
    at = context.location
    return [context.locale, context.timezone, context.endpoint, context.idempotency_key, context.secret("secret"),
            context.sync.dynamic_url, at.source, at.workspace, at.document, at.base_url, at.user]


@pack.formula(connection="none")
def find(context: Context, kind: Annotated[str, "Which.", Autocomplete("one", "other")] = "one") -> str:
    """Finds."""
    return kind


@pack.formula(connection="none")
def plainly(context: Context) -> str:
    """Asks without the account."""
    return context.fetch("/x", authenticate=False, follow=False, cache_ttl=5.0).text


@pack.formula(connection="none")
def keep(context: Context, what: Annotated[str, "What."]) -> str:
    """Keeps a file."""
    blobs = context.blobs
    match what:
        case "store":
            return blobs.store(b"\\0\\xff", content_type="text/plain; charset=utf-8", name="a.txt", ttl=60)
        case "url":
            return blobs.store_url("/file")
        case "url 404":
            return blobs.store_url("/status/404")
        case "long":
            return blobs.store(b"", content_type="a/b", ttl=86_401)
        case "type":
            return blobs.store(b"", content_type="text\\nx")
        case _:
            return [blobs.store(bytes(2**22), content_type="a/b") for _ in range(13)][0]


@pack.formula(connection="none", result=Anything.list())
def cached(context: Context) -> list:
    """Looks for earlier results."""
    return [context.cache.get("Find", {"id": 1}), context.cache.get("Find", {"id": 2})]


@pack.formula(connection="none")
def patient(context: Context) -> str:
    """Tries three times."""
    before = context.clock.now()
    context.sleep(0.01)
    assert context.clock.now() > before
    return context.retry(lambda: context.fetch("/status/503"), wait=0.001).text


@pack.formula(connection="none")
def flood(context: Context, what: Annotated[str, "Of what."]) -> str:
    """Asks for ever."""
    asks = {
        "fetch": lambda: context.fetch("/x"),
        "store": lambda: context.blobs.store(b"", content_type="a/b"),
        "store_url": lambda: context.blobs.store_url("/x"),
        "cached": lambda: context.cache.get("Find", {}),
    }
    while True:
        asks[what]()


@pack.formula(connection="none")
def say(context: Context, frame: Annotated[object, "A message."]) -> str:
    """Speaks to the host behind the SDK's back."""
    os.write(3, encode(frame))
    os.read(3, 100)
    return ""


warm = []


def counted():
    warm.append(1)
    return Page([{"id": len(warm)}])


@pack.sync_table(schema=ObjectSchema("Warm", id="Id", properties={"id": Number}), name="Warm", isolation="warm")
def warm_rows(context: Context) -> Page:
    """Counts the calls of its process."""
    return counted()


@pack.sync_table(schema=ObjectSchema("Cold", id="Id", properties={"id": Number}), name="Cold")
def cold_rows(context: Context) -> Page:
    """Counts the calls of its process."""
    return counted()
'''
