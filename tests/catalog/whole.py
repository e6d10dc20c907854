"""A pack that declares one of everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from packsys.sdk import (
    Autocomplete,
    Between,
    Card,
    Context,
    Dynamic,
    Example,
    Hint,
    History,
    Line,
    Matches,
    Number,
    OAuth2,
    ObjectSchema,
    Pack,
    Page,
    Person,
    Property,
    QueryParamToken,
    RateLimit,
    Suggested,
    Text,
    Update,
    Url,
    Valid,
)

pack = Pack(
    id=9104,
    name="Whole",
    version="1.2.3-rc.1",
    description="Declares one of everything.",
    domains=["api.example.com", "files.example.com"],
    base_url="https://api.example.com/v1",
    authentication=OAuth2(
        authorization_url="https://example.com/authorize",
        token_url="https://example.com/token",
        scopes=["read"],
        parameters={"prompt": "consent"},
        domain="api.example.com",
    ),
    system_authentication=QueryParamToken(parameter="key", domain="files.example.com"),
    rate_limits=[RateLimit(requests=10, seconds=1)],
    isolation="warm",
    author="The makers",
    categories=["Examples"],
)


def states(context: Context, typed: str) -> list[str]:
    return ["open"]


Task = ObjectSchema(
    "Task",
    id="Id",
    display="Title",
    featured=["State"],
    card=Card(title="Title", subtitles=[Line("State", label="is {VALUE}")], link="Page"),
    history=History(created_by="Author"),
    open=True,
    properties={
        "id": Property(Number, required=True),
        "title": Property(Text, mutable=True, display_name="What to do"),
        "state": Text.shown_as(Hint.SELECT_LIST, options=states),
        "size": Text.shown_as(Hint.SELECT_LIST, options=["S", "L"]),
        "stars": Number.shown_as(Hint.SCALE, maximum=5, icon="star"),
        "page": Url,
        "author": Person,
    },
)
Row = ObjectSchema("Row", id="Id", properties={"id": Text, "task": Task.reference()})


@pack.formula(result=Task, cache_ttl=60, rate_limit=RateLimit(requests=1, seconds=5, per="pack"), isolation="fresh")
def task(
    context: Context,
    address: Annotated[str, "Its address.", Matches("[a-z]+", "a word"), Valid(lambda value: None)],
    depth: Annotated[int, "How deep.", Between(1, 3), Suggested(2)] = 1,
    state: Annotated[str, "Which.", Autocomplete("open", "shut", only=True)] = "open",
    who: Annotated[str, "Whose.", Autocomplete(states)] = "",
) -> dict[str, Any]:
    """Finds a task."""
    return {}


@pack.formula(is_action=True)
def add(context: Context, title: Annotated[str, "What to do."]) -> None:
    """Adds a task."""


@pack.formula(connection="none", examples=[Example(arguments=["a", "b"], result="ab")])
def join(context: Context, *parts: Annotated[str, "What to join."]) -> str:
    """Joins text."""
    return "".join(parts)


@pack.sync_table(schema=Task)
def tasks(context: Context, project: Annotated[str, "Which project."] = "") -> Page:
    """Lists tasks."""
    return Page([])


@pack.update("Tasks", max_update_batch_size=10)
def save(context: Context, updates: Sequence[Update]) -> list[Any]:
    return [update.new for update in updates]


@pack.sync_table(dynamic=Dynamic(schema=lambda context: Row), connection="optional")
def rows(context: Context) -> Page:
    """Lists rows."""
    return Page([])


pack.column_format("Task", formula="Task", domains=["example.com"], matchers=[r"task/\d+"], instructions="Paste it.")


@pack.connection_name
def name(context: Context) -> str:
    return "Ada"


@pack.endpoint_step("Site", description="Which site.")
def sites(context: Context) -> list[str]:
    return ["https://a.example.com"]
