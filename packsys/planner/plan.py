"""What a formula would do, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from packsys.language.nodes import AccountRef, Node, PackCall, TableRead
from packsys.language.tables import READERS, TABLES, call_of
from packsys.planner.graph import Vertex, graph_of


@dataclass(frozen=True, kw_only=True)
class PlannedStep:
    """Is one call that a formula would make.

    It comes after the steps of ``depends_on``: they give its arguments, decide whether it is made, or come before it
    in a sequence of actions. A ``guarded`` step is made only if it is needed, one that ``fans_out`` once per item.
    ``account`` is the id of the connection where the formula names it.
    """

    id: str
    call: str
    pack_id: int
    account: str | None
    depends_on: tuple[str, ...]
    guarded: bool
    fans_out: bool
    action: bool
    start: int
    end: int


@dataclass(frozen=True)
class Plan:
    """Is the steps of a formula, and the waves in which they would be sent: steps of one wave run side by side.

    A guarded wave may be empty in the end, and a step that fans out many: only the run decides.
    """

    steps: tuple[PlannedStep, ...]
    waves: tuple[tuple[str, ...], ...]


class _Called(TypedDict):
    call: str
    pack_id: int
    account: str | None
    action: bool


def plan_of(tree: Node) -> Plan:
    """Plans a bound formula without running it."""
    vertices = graph_of(tree)
    return Plan(tuple(map(_step, vertices)), _waves(vertices))


def _step(vertex: Vertex) -> PlannedStep:
    call = vertex.call
    return PlannedStep(
        id=_id(vertex.number),
        **_called(call),
        depends_on=tuple(_id(number) for number in sorted(vertex.data | vertex.waits)),
        guarded=vertex.guarded,
        fans_out=vertex.fans_out,
        start=call.start,
        end=call.end,
    )


def _called(call: PackCall | TableRead) -> _Called:
    match call:
        case TableRead():
            return {"call": f"{READERS}::{call_of(call.query)}", "pack_id": TABLES, "account": None, "action": False}
    account = call.account.id if isinstance(call.account, AccountRef) else None
    return {
        "call": f"{call.pack}::{call.formula}",
        "pack_id": call.pack_id,
        "account": account,
        "action": call.action,
    }


def _waves(vertices: Sequence[Vertex]) -> tuple[tuple[str, ...], ...]:
    levels: dict[int, int] = {}
    for vertex in vertices:
        levels[vertex.number] = 1 + max((levels[number] for number in vertex.data | vertex.waits), default=0)
    waves: list[list[str]] = [[] for _ in range(max(levels.values(), default=0))]
    for number, level in levels.items():
        waves[level - 1].append(_id(number))
    return tuple(map(tuple, waves))


def _id(number: int) -> str:
    return f"s{number}"
