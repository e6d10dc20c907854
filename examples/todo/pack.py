"""A pack with a sync table: pages, runs that ask only for what changed, and edits that go back."""

from collections.abc import Sequence
from typing import Annotated, Any

from packsys.sdk import (
    Context,
    DateTime,
    HeaderBearerToken,
    Hint,
    ObjectSchema,
    Pack,
    Page,
    Property,
    StatusCodeError,
    Text,
    Update,
    Url,
    UserVisibleError,
)

pack = Pack(
    id=9202,
    name="Todo",
    version="1.0.0",
    description="Tasks and projects of a to-do list.",
    domains=["api.todo.example"],
    base_url="https://api.todo.example/v2",
    authentication=HeaderBearerToken(instructions_url="https://todo.example/settings"),
)

Project = ObjectSchema("Project", id="Id", display="Name", properties={"id": Text, "name": Text, "url": Url})

Task = ObjectSchema(
    "Task",
    id="Id",
    display="Title",
    featured=["State", "Project"],
    properties={
        "id": Property(Text, required=True),
        "title": Property(Text, required=True, mutable=True),
        "state": Property(Text.shown_as(Hint.SELECT_LIST, options=["open", "done"]), mutable=True),
        "project": Project.reference(),
        "updated_at": DateTime,
    },
)


@pack.connection_name
def who(context: Context) -> str:
    """Names the account."""
    return str(context.fetch("/me").json()["name"])


@pack.sync_table(schema=Project)
def projects(context: Context) -> Page:
    """Lists the projects."""
    return Page(context.fetch("/projects").json()["items"])


@pack.sync_table(schema=Task)
def tasks(context: Context, project: Annotated[str, "The project's id; blank for all."] = "") -> Page:
    """Lists the tasks, and after the first time those that changed."""
    started = context.sync.started_at
    query = {
        "project": project or None,
        "cursor": context.sync.continuation.get("cursor"),
        "changed_since": context.sync.previous.get("since"),
    }
    found = context.fetch("/tasks", query=query).json()
    if found.get("next"):
        return Page(found["items"], continuation={"cursor": found["next"]})
    since = {"since": started.isoformat()} if started else None
    return Page(found["items"], completion=since, deleted=found.get("deleted", []))


@pack.update("Tasks", max_update_batch_size=10)
def save(context: Context, updates: Sequence[Update]) -> list[Any]:
    """Sends edited tasks, one by one: what is refused does not hold up the others."""
    return [_saved(context, each) for each in updates]


def _saved(context: Context, update: Update) -> Any:
    changed = {name: update.new[name] for name in update.fields}
    try:
        return context.fetch(f"/tasks/{update.new['id']}", method="PATCH", json=changed).json()
    except StatusCodeError as error:
        if error.status == 409:
            return UserVisibleError("Somebody else changed the task: look at it again.")
        raise


@pack.formula(result=Task, is_action=True)
def add_task(context: Context, title: Annotated[str, "What to do."]) -> dict[str, Any]:
    """Adds a task."""
    key = {"Idempotency-Key": context.idempotency_key}
    made: dict[str, Any] = context.fetch("/tasks", method="POST", headers=key, json={"title": title}).json()
    return made


@pack.formula(result=Task)
def task(context: Context, address: Annotated[str, Url, "The address of the task's page."]) -> dict[str, Any]:
    """Finds a task by its address."""
    found: dict[str, Any] = context.fetch(f"/tasks/{address.rstrip('/').rpartition('/')[2]}").json()
    return found


pack.column_format("Task", formula="Task", matchers=[r"https://todo\.example/tasks/\w+/?"])
