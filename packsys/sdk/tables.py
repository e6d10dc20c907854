"""Sync tables: how a service's data becomes rows, page by page, and how edits go back."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packsys.sdk import parameters
from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.limits import Isolation
from packsys.sdk.names import check_description, check_name, pascal
from packsys.sdk.parameters import Parameter
from packsys.sdk.schema import ObjectSchema, Type

MOST_UPDATES = 1000
MOST_OPTION_FUNCTIONS = 50  # as in the packs that people know
LONGEST_CONTINUATION = 65_536  # bytes as JSON
MOST_PARTITIONS = 1000
"""Partitions that one page may name; the next page may name more."""

LONGEST_PARTITION = 200
"""Characters of a partition's name."""


@dataclass(frozen=True)
class Page:
    """Is one page of rows, as the service gave them.

    Without ``continuation`` it is the last one of its run. ``completion`` then says where the next run may begin,
    and is found in its ``context.sync.previous``; ``incomplete`` that rows are missing, so that none may be taken
    for deleted. ``deleted`` are ids that an incremental run found gone.

    ``partitions`` begin parts of the table that are read side by side, each page by page: by the name of each, the
    continuation of its first page. The run is complete when all of them are. Each has its own completion, which it
    finds in its ``context.sync.previous`` in the next run that asks for changes; one that is new finds nothing there.
    A name that was given before in the same run begins nothing.
    """

    rows: Sequence[Mapping[str, Any]]
    continuation: Mapping[str, Any] | None = field(default=None, kw_only=True)
    completion: Mapping[str, Any] | None = field(default=None, kw_only=True)
    incomplete: bool = field(default=False, kw_only=True)
    deleted: Sequence[str | int] = field(default=(), kw_only=True)
    partitions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        """Refuses what cannot be kept between two pages."""
        for role in ("continuation", "completion"):
            _check_kept(role, getattr(self, role))
        if self.continuation is not None and (self.completion is not None or self.incomplete):
            raise ValueError("A page that is not the last one completes nothing: give a completion with the last one.")
        _check_partitions(self.partitions)


@dataclass
class Course:
    """Leads one who reads a table alone through it: through its own pages first, then partition by partition."""

    named: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    begun: int = 0

    def after(
        self, continuation: Mapping[str, Any] | None, partitions: Mapping[str, Mapping[str, Any]]
    ) -> Mapping[str, Any] | None:
        """Gives the continuation of what is to be read after a page that gave these; None at the end of all."""
        self.named |= {name: each for name, each in partitions.items() if name not in self.named}
        if continuation is not None:
            return continuation
        resting = [*self.named.values()][self.begun :]
        self.begun += 1
        return resting[0] if resting else None


@dataclass(frozen=True, kw_only=True)
class Update:
    """Is one edited row, under the service's own keys; ``fields`` names what was edited."""

    previous: Mapping[str, Any]
    new: Mapping[str, Any]
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class TableAddress:
    """Is one of the tables that a dynamic table stands for; with ``has_tables`` it is a folder of such."""

    url: str
    name: str
    has_tables: bool = False


@dataclass(frozen=True, kw_only=True)
class Dynamic:
    """Holds the functions that find out at run time what tables there are and what they look like.

    Each takes the context, whose ``sync.dynamic_url`` names the table. ``schema`` gives an ObjectSchema, ``name`` the
    table's name and ``page`` its address in a browser; ``tables`` lists :class:`TableAddress`, below the one in
    ``dynamic_url`` when there is one; ``search`` lists those that fit a second argument, the words typed.
    """

    schema: Callable[..., ObjectSchema]
    tables: Callable[..., Sequence[TableAddress]] | None = None
    name: Callable[..., str] | None = None
    search: Callable[..., Sequence[TableAddress]] | None = None
    page: Callable[..., str] | None = None


@dataclass(frozen=True, kw_only=True)
class SyncTable:
    """Is one sync table; ``function`` gives a page, ``update`` sends edits back.

    ``schema`` of a dynamic table is what is known beforehand, or None.
    """

    name: str
    description: str
    identity: str
    schema: ObjectSchema | None
    parameters: tuple[Parameter, ...]
    function: Callable[..., Page]
    dynamic: Dynamic | None = None
    timeout: float = 60.0
    attempts: int = 4
    connection: str = "none"
    isolation: Isolation = "fresh"
    update: Callable[..., Sequence[Any]] | None = None
    max_update_batch_size: int = 1


def declare_table(
    function: Callable[..., Page],
    *,
    name: str,
    description: str,
    schema: ObjectSchema | None,
    dynamic: Dynamic | None,
    connection: str,
    timeout: float,
    attempts: int,
    isolation: Isolation,
) -> SyncTable:
    """Makes a sync table of a function, or refuses it with :class:`packsys.sdk.PackDeclarationError`."""
    called = name or pascal(function.__name__)
    check_name("A sync table", called)
    said = description or " ".join((inspect.getdoc(function) or "").split("\n\n", 1)[0].split())
    check_description(f"Sync table {called}", said)
    _check_schema(called, schema, dynamic)
    owner = f"sync table {called}"
    takes = parameters.read(owner, function, parameters.hints_of(owner, function))
    if any(each.variadic for each in takes):
        raise PackDeclarationError(
            f"Sync table {called} takes any number of values: take a list instead, since a table is set up once."
        )
    return SyncTable(
        name=called,
        description=said,
        identity=schema.identity if schema else called,
        schema=schema,
        parameters=takes,
        function=function,
        dynamic=dynamic,
        timeout=float(timeout),
        attempts=attempts,
        connection=connection,
        isolation=isolation,
    )


def check_update(table: SyncTable, update: Callable[..., Any], size: int) -> None:
    """Refuses updates that the table has already, has nothing for, or that come in impossible batches."""
    if table.update is not None:
        raise PackDeclarationError(f"Sync table {table.name} has two functions for its updates: leave one out.")
    if type(size) is not int or not 1 <= size <= MOST_UPDATES:
        raise PackDeclarationError(
            f"Sync table {table.name} takes {size!r} updates at once: say 1 to {MOST_UPDATES} as max_update_batch_size."
        )
    if len(inspect.signature(update).parameters) < 2:
        raise PackDeclarationError(
            f"The updates of sync table {table.name} take too little: write (context: Context, updates: list[Update])."
        )
    if table.schema and not table.dynamic and not any(each.mutable for each in table.schema.properties.values()):
        raise PackDeclarationError(
            f"Sync table {table.name} takes updates, but nothing in it can be edited: write Property(…, mutable=True)."
        )


def _check_schema(table: str, schema: ObjectSchema | None, dynamic: Dynamic | None) -> None:
    if schema is None and dynamic is None:
        raise PackDeclarationError(f"Sync table {table} does not say what its rows are: give it schema= or dynamic=.")
    if schema is not None and not isinstance(schema, ObjectSchema):
        raise PackDeclarationError(f"Sync table {table} has the schema {schema!r}: give it an ObjectSchema.")
    if schema is not None and not schema.id:
        raise PackDeclarationError(f"Sync table {table} cannot tell its rows apart: name the id of {schema.name}.")
    if schema is not None and schema.identity in schema.properties:
        raise PackDeclarationError(
            f"Sync table {table} has the identity {schema.identity}, which is a property of its rows too: rename one."
        )
    finding = sum(_finds_options(each.value_type) for each in schema.properties.values()) if schema else 0
    if finding > MOST_OPTION_FUNCTIONS:
        raise PackDeclarationError(
            f"Sync table {table} has {finding} functions that find options: write {MOST_OPTION_FUNCTIONS} at most, "
            "and lists for the others."
        )


def _finds_options(declared: Type) -> bool:
    return callable((declared.item or declared).attributes.get("options"))


def _check_partitions(partitions: object) -> None:
    if not isinstance(partitions, Mapping) or len(partitions) > MOST_PARTITIONS:
        raise ValueError(
            f"The partitions of a page must be an object with {MOST_PARTITIONS} members at most: name each, and say "
            "where it begins."
        )
    for name, beginning in partitions.items():
        if not isinstance(name, str) or not 0 < len(name) <= LONGEST_PARTITION:
            raise ValueError(f"A partition must have a name of 1 to {LONGEST_PARTITION} characters, not {name!r:.80}.")
        if beginning is None:
            raise ValueError(f"The partition {name!r:.80} begins nowhere: give it the continuation of its first page.")
        _check_kept("partition", beginning)


def _check_kept(role: str, value: object) -> None:
    if value is None:
        return
    try:
        written = json.dumps(value, allow_nan=False) if isinstance(value, Mapping) else ""
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"A {role} must be plain JSON, so that it can be kept: {error}.") from None
    if not written or len(written) > LONGEST_CONTINUATION:
        raise ValueError(
            f"A {role} must be an object of at most {LONGEST_CONTINUATION} bytes: keep a cursor in it, not the rows."
        )
