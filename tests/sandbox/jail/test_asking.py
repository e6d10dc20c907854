"""Everything of a pack that is no formula: asked in this process and behind the walls, it answers the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from packsys.errors import PacksysError
from packsys.language.invocation import Invocation
from packsys.language.signature import Signature
from packsys.model import Blob, PackFormula
from packsys.ports import Call, Inquiry, PackRunner, Request, Response, World
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sandbox.limits import Limits
from packsys.sandbox.loading import load_pack
from packsys.sandbox.python import PythonSandbox
from packsys.sdk import Page, UserVisibleError
from packsys.sdk.surroundings import Location, Sync
from packsys.sdk.targets import Aim, Target
from tests.sandbox.jail.asked import SOURCE

STARTED = datetime(2026, 3, 1, 12, tzinfo=UTC)
UPDATES = [
    {"previous": {"Id": 1, "Title": "old"}, "new": {"Id": 1, "Title": title}, "fields": ["Title"]}
    for title in ("new", "forbidden", "strange", "unavailable")
]

ONE = [{"previous": {"Id": "1"}, "new": {"Id": "2"}, "fields": ["Id"]}]


class Service:
    """Is a fetcher that answers by address, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def fetch(self, request: Request) -> Response:
        self.requests.append(replace(request, timeout=0.0))
        status = int(request.url.rpartition("/")[2]) if request.url.startswith("/status/") else 200
        return Response(status=status, headers={"content-type": "image/png"}, body=request.url.encode())


class Files:
    """Is a store of files that keeps them in a list."""

    def __init__(self) -> None:
        self.kept: list[tuple[Blob, float]] = []

    def store(self, content: bytes, *, content_type: str, name: str = "", ttl: float) -> str:
        self.kept.append((Blob(content=content, content_type=content_type, name=name), ttl))
        return f"https://files.example/{len(self.kept)}"

    def get(self, blob: str) -> Blob | None:
        return self.kept[int(blob) - 1][0]


class Kept:
    """Is a cache in which one result is kept."""

    def get(self, formula: str, arguments: Mapping[str, Any]) -> tuple[Any] | None:
        return ({"at": STARTED},) if (formula, dict(arguments)) == ("Find", {"id": 1}) else None


@pytest.fixture(scope="module")
def runners(machine: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PackRunner, PackRunner]]:
    folder = tmp_path_factory.mktemp("asked")
    (folder / "pack.py").write_bytes(SOURCE)
    with PythonSandbox(lambda pack_id, version: {"pack.py": SOURCE}) as sandbox:
        yield InProcessPacks([load_pack(folder)]), sandbox


def a_world(**terms: Any) -> World:
    return World(fetcher=Service(), timeout=20.0, blobs=Files(), cache=Kept(), **terms)


def inquiry(aim: Aim, name: str = "", *, part: str = "", typed: str = "", world: World, **arguments: Any) -> Inquiry:
    target = Target(aim=aim, name=name, part=part, typed=typed)
    return Inquiry(pack_id=9210, version="1.0.0", target=target, world=world, arguments=arguments)


def call(formula: str, world: World, **arguments: Any) -> Call:
    declared = PackFormula(signature=Signature(pack_id=9210, pack="Asked", version="1.0.0", name=formula))
    made = Invocation(
        key="0" * 32,
        pack_id=9210,
        pack="Asked",
        version="1.0.0",
        formula=formula,
        account=None,
        arguments=arguments,
    )
    return Call(formula=declared, invocation=made, world=world)


def told(work: Callable[[], Any]) -> Any:
    """Gives what comes of some work, in a form that can be compared."""
    try:
        value = work()
    except PacksysError as error:
        return type(error).__name__, error.message
    if isinstance(value, list):
        return [("refused", str(each)) if isinstance(each, UserVisibleError) else each for each in value]
    return value


def the_same(runners: tuple[PackRunner, PackRunner], work: Callable[[PackRunner, World], Any], **terms: Any) -> Any:
    """Does some work with both runners, and gives the one outcome, after comparing what they reached."""
    seen = []
    for runner in runners:
        world = a_world(**terms)
        outcome = told(lambda runner=runner, world=world: work(runner, world))  # type: ignore[misc]
        assert isinstance(world.fetcher, Service)
        assert isinstance(world.blobs, Files)
        seen.append((outcome, world.fetcher.requests, world.blobs.kept))
    assert seen[0] == seen[1]
    return seen[0][0]


def asked(runners: tuple[PackRunner, PackRunner], aim: Aim, name: str = "", **terms: Any) -> Any:
    around = {each: terms.pop(each) for each in ("sync", "locale", "location", "token") if each in terms}
    return the_same(runners, lambda runner, world: runner.ask(inquiry(aim, name, world=world, **terms)), **around)


def test_pages_follow_one_another_until_one_completes_the_run(runners: tuple[PackRunner, PackRunner]) -> None:
    first = asked(runners, Aim.PAGE, "Things", sync=Sync(started_at=STARTED), shelf="a")
    assert first == Page([{"id": 1, "title": "a", "at": STARTED, "tags": ["x"]}], continuation={"page": 2})
    last = asked(runners, Aim.PAGE, "Things", sync=Sync(continuation={"page": 2}, started_at=STARTED), shelf="a")
    assert last == Page(
        [{"id": 2, "title": "previous: {}"}], completion={"since": STARTED.isoformat()}, deleted=(7, "eight")
    )


def test_the_next_run_finds_what_the_last_one_completed(runners: tuple[PackRunner, PackRunner]) -> None:
    sync = Sync(continuation={"page": 2}, previous={"since": "x"}, started_at=STARTED)
    assert asked(runners, Aim.PAGE, "Things", sync=sync).rows[0]["title"] == "previous: {'since': 'x'}"


def test_one_update_may_be_refused_and_the_others_not(runners: tuple[PackRunner, PackRunner]) -> None:
    assert asked(runners, Aim.UPDATE, "Things", updates=UPDATES) == [
        {"id": 1, "title": "new", "fields": ["title"]},
        ("refused", "It is forbidden."),
        ("refused", "Asked::Things raised ValueError: strange"),
        ("refused", "Asked answered 503 (Service Unavailable) to GET /status/503."),
    ]


@pytest.mark.parametrize(
    ("aim", "name", "terms", "answer"),
    [
        (Aim.AUTOCOMPLETE, "Things", {"part": "shelf", "typed": "ab"}, [{"display": "ab!", "value": "ab"}]),
        (Aim.AUTOCOMPLETE, "Find", {"part": "kind", "typed": "on"}, [{"display": "one", "value": "one"}]),
        (Aim.OPTIONS, "Things", {"part": "Title"}, [{"display": "Yes", "value": 1}, {"display": "b", "value": "b"}]),
        (Aim.OPTIONS, "Things", {"part": "Tags"}, [{"display": "x", "value": "x"}]),
        (Aim.CONNECTION_NAME, "", {}, "me in de"),
        (Aim.CONNECTION_USER_ID, "", {}, "17"),
        (Aim.ENDPOINTS, "", {"part": "Site"}, [{"display": "https://a.example", "value": "https://a.example"}]),
        (Aim.TABLE_NAME, "Sheets", {"sync": Sync(dynamic_url="/s/1")}, "Sheet /s/1"),
        (Aim.TABLE_PAGE, "Sheets", {"sync": Sync(dynamic_url="/s/1")}, "https://a.example/s/1"),
    ],
)
def test_what_is_no_formula_is_asked_for(
    runners: tuple[PackRunner, PackRunner], aim: Aim, name: str, terms: dict[str, Any], answer: Any
) -> None:
    assert asked(runners, aim, name, locale="de", **terms) == answer


def test_dynamic_tables_are_listed_searched_and_described(runners: tuple[PackRunner, PackRunner]) -> None:
    tables = asked(runners, Aim.TABLES, "Sheets", sync=Sync(dynamic_url="/f"))
    assert [(each.url, each.name, each.has_tables) for each in tables] == [
        ("/f/1", "One", False),
        ("/f/2", "Two", True),
    ]
    found = asked(runners, Aim.SEARCH_TABLES, "Sheets", typed="wo")
    assert [each.name for each in found] == ["Two"]
    schema = asked(runners, Aim.TABLE_SCHEMA, "Sheets", sync=Sync(dynamic_url="/s/1"))
    assert (schema["id"], list(schema["properties"])) == ("Id", ["Id", "S1"])
    page = asked(runners, Aim.PAGE, "Sheets", sync=Sync(dynamic_url="/s/1"))
    assert page == Page([{"id": "/s/1"}], incomplete=True)


@pytest.mark.parametrize(
    ("aim", "name", "terms", "said"),
    [
        (Aim.PAGE, "Nothing", {}, "Asked cannot be asked for that: The pack has no 'Nothing'"),
        (Aim.UPDATE, "Sheets", {"updates": []}, "Asked cannot be asked for that: Sync table Sheets takes no updates."),
        (
            Aim.TABLE_NAME,
            "Things",
            {},
            "Asked cannot be asked for that: Sync table Things does not tell its table name",
        ),
        (Aim.PAGE, "Bad", {"how": "no page"}, "Asked::Bad raised TypeError: Sync table Bad gave list: give a Page."),
        (Aim.PAGE, "Bad", {"how": "rows"}, "Asked::Bad gave a page with a row that is no object"),
        (Aim.PAGE, "Bad", {"how": "lazy"}, "Asked::Bad gave no page"),
        (Aim.PAGE, "Bad", {"how": "deleted"}, "Asked::Bad gave a page whose 'deleted' are no ids"),
        (Aim.PAGE, "Bad", {"how": "cursor"}, "Asked::Bad raised ValueError: A continuation must be plain JSON"),
        (
            Aim.PAGE,
            "Bad",
            {"how": "large"},
            "Asked::Bad raised ValueError: A continuation must be an object of at most",
        ),
        (Aim.PAGE, "Bad", {"how": "both"}, "Asked::Bad raised ValueError: A page that is not the last one"),
        (
            Aim.PAGE,
            "Bad",
            {"how": "forged cursor"},
            "Asked::Bad gave a page that cannot be: A continuation must be plain",
        ),
        (
            Aim.PAGE,
            "Bad",
            {"how": "forged large"},
            "Asked::Bad gave a page that cannot be: A continuation must be an ob",
        ),
        (Aim.PAGE, "Bad", {"how": "forged both"}, "Asked::Bad gave a page that cannot be: A page that is not the last"),
        (Aim.PAGE, "Bad", {"how": "key"}, "Asked::Bad raised KeyError: 'missing'"),
        (Aim.PAGE, "Bad", {"how": "nul"}, "Asked::Bad raised ValueError: a\ufffdb"),
        (Aim.AUTOCOMPLETE, "Bad", {"part": "how", "typed": "object"}, "Asked::Bad gave a choice that is none"),
        (
            Aim.AUTOCOMPLETE,
            "Bad",
            {"part": "how", "typed": "inner"},
            "Asked::Bad gave a choice whose value is not plain",
        ),
        (
            Aim.AUTOCOMPLETE,
            "Bad",
            {"part": "how", "typed": "many"},
            "Asked::Bad gave 10001 choices: give 10000 at most",
        ),
        (Aim.UPDATE, "Bad", {"updates": ONE}, "Asked::Bad gave an update that is neither a row nor"),
        (
            Aim.ENDPOINTS,
            "",
            {"part": "Nowhere"},
            "Asked cannot be asked for that: The pack does not tell the endpoints",
        ),
        (Aim.TABLES, "Odd", {}, "Asked::Odd gave a table that is none"),
        (Aim.TABLE_NAME, "Odd", {}, "Asked::Odd gave no text of at most 2000 characters"),
        (Aim.TABLE_PAGE, "Odd", {}, "Asked::Odd gave no text of at most 2000 characters"),
        (Aim.TABLE_SCHEMA, "Odd", {}, "Asked::Odd gave no schema: give an ObjectSchema"),
        (Aim.SEARCH_TABLES, "Odd", {}, "Asked::Odd gave a table that is none"),
    ],
)
def test_what_is_wrong_is_refused_in_the_same_sentence(
    runners: tuple[PackRunner, PackRunner], aim: Aim, name: str, terms: dict[str, Any], said: str
) -> None:
    kind, message = asked(runners, aim, name, **terms)
    assert message.startswith(said)
    assert kind in ("BrokenPack", "PackRaised", "ResultMismatch")


def test_the_context_says_where_a_call_stands(runners: tuple[PackRunner, PackRunner]) -> None:
    location = Location(source="action", workspace="w", document="d", base_url="https://d.example", user="u")
    seen = the_same(
        runners,
        lambda runner, world: runner.run(call("Around", world)),
        locale="fr-CA", token="cafe", location=location, sync=Sync(dynamic_url="/x"), timezone="Asia/Tokyo",
        endpoint="https://e.example", idempotency_key="k",
    )  # fmt: skip
    assert seen == [
        "fr-CA", "Asia/Tokyo", "https://e.example", "k", "{{secret-cafe}}", "/x",
        "action", "w", "d", "https://d.example", "u",
    ]  # fmt: skip


def test_a_request_says_how_it_is_to_be_sent(runners: tuple[PackRunner, PackRunner]) -> None:
    world = a_world()
    runners[1].run(call("Plainly", world))
    assert isinstance(world.fetcher, Service)
    assert world.fetcher.requests == [Request(url="/x", authenticate=False, follow=False, cache_ttl=5.0, timeout=0.0)]
    the_same(runners, lambda runner, world: runner.run(call("Plainly", world)))


@pytest.mark.parametrize(
    ("what", "outcome"),
    [
        ("store", "https://files.example/1"),
        ("url", "https://files.example/1"),
        ("url 404", ("ApiError", "Asked answered 404 (Not Found) to GET /status/404.")),
        ("long", ("ForbiddenRequest", "A file is kept for more than 0 and at most 86400 seconds, not 86401.")),
        ("type", ("ForbiddenRequest", "'text\\nx' is no content type: write one such as 'image/png'.")),
        ("much", ("BlobTooLarge", "A call may keep 50 MB of files, all told: keep fewer.")),
    ],
)
def test_files_are_kept_by_the_host(runners: tuple[PackRunner, PackRunner], what: str, outcome: Any) -> None:
    assert the_same(runners, lambda runner, world: runner.run(call("Keep", world, what=what))) == outcome


def test_a_file_keeps_its_type_its_name_and_its_time(runners: tuple[PackRunner, PackRunner]) -> None:
    for runner in runners:
        world = a_world()
        runner.run(call("Keep", world, what="store"))
        runner.run(call("Keep", world, what="url"))
        assert isinstance(world.blobs, Files)
        assert world.blobs.kept == [
            (Blob(content=b"\0\xff", content_type="text/plain; charset=utf-8", name="a.txt"), 60.0),
            (Blob(content=b"/file", content_type="image/png", name=""), 900.0),
        ]


def test_where_no_files_are_kept_a_pack_is_told(runners: tuple[PackRunner, PackRunner]) -> None:
    for runner in runners:
        world = replace(a_world(), blobs=None)
        assert told(lambda runner=runner, world=world: runner.run(call("Keep", world, what="store"))) == (  # type: ignore[misc]
            "ForbiddenRequest",
            "This installation keeps no files: do without, or configure a place for them.",
        )


def test_the_cache_finds_what_is_kept_and_nothing_else(runners: tuple[PackRunner, PackRunner]) -> None:
    assert the_same(runners, lambda runner, world: runner.run(call("Cached", world))) == [[{"at": STARTED}], None]


def test_waiting_takes_time_and_retrying_tries_again(runners: tuple[PackRunner, PackRunner]) -> None:
    kind, message = the_same(runners, lambda runner, world: runner.run(call("Patient", world)))
    assert (kind, message) == ("UpstreamError", "Asked answered 503 (Service Unavailable) to GET /status/503.")


@pytest.mark.parametrize("what", ["fetch", "store", "store_url", "cached"])
def test_a_flood_of_whatever_kind_ends_the_session(machine: Any, what: str) -> None:
    with PythonSandbox(lambda pack_id, version: {"pack.py": SOURCE}, limits=Limits(fetches=20)) as sandbox:
        kind, message = told(lambda: sandbox.run(call("Flood", a_world(), what=what)))
        assert (kind, message) == ("SandboxError", "Asked::Flood was stopped: it asked for more than 20 requests.")


@pytest.mark.parametrize(
    "frame",
    [
        {"op": "store", "content": "text", "content_type": "a/b", "name": "", "ttl": 1},
        {"op": "store", "content": b"", "content_type": "a/b", "name": "", "ttl": True},
        {"op": "store_url", "url": 5, "name": "", "ttl": 1},
        {"op": "store_url", "url": "/x", "name": "\ud800", "ttl": 1},
        {"op": "store_url", "url": "/x", "name": "", "ttl": float("nan")},
        {"op": "cached", "formula": "Find", "arguments": []},
        {"op": "fetch", "method": "GET", "url": "/", "headers": {}, "query": {}, "body": None, "follow": 1},
        {"op": "fetch", "method": "GET", "url": "/", "headers": {}, "query": {}, "body": None, "cache_ttl": "1"},
        {"op": "raised", "kind": 5},
        {"op": "done"},
    ],
)
def test_a_message_that_no_pack_sends_ends_the_session(runners: tuple[PackRunner, PackRunner], frame: Any) -> None:
    kind, message = told(lambda: runners[1].run(call("Say", a_world(), frame=frame)))
    assert (kind, message) == ("SandboxError", "Asked::Say was stopped: it sent a message that no pack sends.")


@pytest.mark.parametrize("op", ["broken", "absent"])
def test_a_message_may_not_be_endless(runners: tuple[PackRunner, PackRunner], op: str) -> None:
    frame = {"op": op, "text": "x\0" * 10_000}
    kind, message = told(lambda: runners[1].run(call("Say", a_world(), frame=frame)))
    assert kind == "BrokenPack"
    assert len(message) < 2_100
    assert "\0" not in message


def test_a_table_is_warm_by_its_own_choice(runners: tuple[PackRunner, PackRunner]) -> None:
    def counted(table: str) -> list[Any]:
        return [runners[1].ask(inquiry(Aim.PAGE, table, world=a_world())).rows[0]["id"] for _ in range(2)]

    assert (counted("Warm"), counted("Cold")) == ([1, 2], [1, 1])
