"""Finds what of a formula a database can answer about a synced table, while the formula is bound.

A call right behind a table becomes a :class:`~packsys.language.nodes.TableRead` that asks for its result, and that
knows the call as what to do ``instead``. So each call of a chain takes one more step into the database, until one that
only the language knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeAlias

from packsys.language.functions import LIBRARY
from packsys.language.nodes import (
    Constant,
    FunctionCall,
    Lambda,
    Local,
    Member,
    Node,
    Operation,
    PackCall,
    TableRead,
    children,
)
from packsys.language.signature import Kind, Shape

DEEPEST: Final = 12
"""Conditions inside each other that are asked in a database; its statements are not deep."""

MOST_PARTS: Final = 1_000
"""Parts of an expression that a column is compared with in a database, at most: to bind a formula stays linear."""

_SCALARS: Final = frozenset({Kind.TEXT, Kind.NUMBER, Kind.BOOLEAN, Kind.DATE, Kind.DATETIME, Kind.DURATION})
_ORDERED: Final = _SCALARS - {Kind.TEXT, Kind.BOOLEAN}  # what Min and Max know as it is
_MIRRORED: Final = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_TEXTS: Final = {"ContainsText": "contains", "StartsWith": "starts", "EndsWith": "ends"}
_STEADY: Final = frozenset({"Now", "Today"})  # volatile, but one and the same throughout a job

_Columns: TypeAlias = Mapping[str, Shape]


def table(id: str, name: str, start: int, end: int) -> TableRead:
    """Asks for all rows of a table."""
    return TableRead(id, name, {"give": "rows"}, (), None, start, end)


def pushed_member(node: Member, source: Shape) -> Node:
    """Reads one column where rows would be read for it."""
    read = node.receiver
    if not isinstance(read, TableRead) or "column" in read.query or read.query["give"] not in ("rows", "first", "last"):
        return node
    columns = _columns(source)
    return _asked(node, read, {"column": [node.name, _kind(node.name, columns)]}) if node.name in columns else node


def pushed(node: FunctionCall, source: Shape) -> Node:
    """Asks a table for the result of a call, or of a part of it; ``source`` is what the call is about."""
    read = node.arguments[0] if node.arguments else None
    if not isinstance(read, TableRead) or read.query["give"] != "rows" or node.function not in _PUSHES:
        return node
    return _PUSHES[node.function](node, read, _columns(source))


def _columns(source: Shape) -> _Columns:
    item = source.item if source.kind is Kind.LIST else source
    return (item.properties or {}) if item else {}


def _asked(node: Node, read: TableRead, more: Mapping[str, Any], values: Sequence[Node] = ()) -> TableRead:
    query = {**read.query, **more}
    return replace(read, query=query, values=(*read.values, *values), instead=node, start=node.start, end=node.end)


def _narrowed(read: TableRead, *conditions: list[Any]) -> dict[str, Any]:
    _, parts = read.query.get("where", ("and", []))
    return {"where": ["and", [*parts, *conditions]]}


def _filter(node: FunctionCall, read: TableRead, columns: _Columns, *, give: str = "rows") -> Node:
    condition = node.arguments[1]
    if not isinstance(condition, Lambda) or condition.ordered or "slice" in read.query or "column" in read.query:
        return node
    conditions = _Conditions(condition.slot, columns, [*read.values])
    parts = _conjuncts(condition.body)
    found = conditions.prefix(parts)
    if not found:
        return node
    more, values = _narrowed(read, *found), conditions.values[len(read.values) :]
    if len(found) == len(parts):
        return _asked(node, read, {**more, "give": give}, values)
    # The rows that fail the first conditions are left out, and the language asks the rest of the others.
    kept = FunctionCall("Filter", (read, _joined(condition, parts[: len(found)])), node.start, node.end)
    return replace(node, arguments=(_asked(kept, read, more, values), _joined(condition, parts[len(found) :])))


def _joined(condition: Lambda, parts: Sequence[Node]) -> Lambda:
    return replace(condition, body=FunctionCall("And", tuple(parts), condition.start, condition.end))


def _conjuncts(body: Node) -> list[Node]:
    if isinstance(body, FunctionCall) and body.function == "And":
        return [part for part in body.arguments if part is not None]
    return [body]


def _sort(node: FunctionCall, read: TableRead, columns: _Columns) -> Node:
    ascending, by = [*node.arguments[1:], None, None][:2]
    if not isinstance(by, Lambda) or {"sort", "slice", "column"} & read.query.keys():
        return node
    column = _column(by.body, by.slot, columns)
    if column is None or not (ascending is None or isinstance(ascending, Constant)):
        return node
    if ascending is not None and not isinstance(ascending.value, bool):
        return node
    return _asked(node, read, {"sort": [*column, ascending is not None and not ascending.value]})


def _end(node: FunctionCall, read: TableRead, columns: _Columns, *, give: str) -> Node:
    return node if "slice" in read.query or "column" in read.query else _asked(node, read, {"give": give})


def _slice(node: FunctionCall, read: TableRead, columns: _Columns) -> Node:
    begin, end = [*node.arguments[1:], None][:2]
    if begin is None or "slice" in read.query or not (_steady(begin) and (end is None or _steady(end))):
        return node
    places = [len(read.values), None if end is None else len(read.values) + 1]
    return _asked(node, read, {"slice": places}, (begin,) if end is None else (begin, end))


def _count(node: FunctionCall, read: TableRead, columns: _Columns, *, blanks: bool) -> Node:
    if "slice" in read.query:
        return node
    if blanks or "column" not in read.query:
        return _asked(node, read, {"give": "count"})
    if read.query["column"][1] is None:
        return node
    return _asked(node, read, {**_narrowed(read, _present(read)), "give": "count"})


def _total(node: FunctionCall, read: TableRead, columns: _Columns, *, give: str) -> Node:
    fits = _only(node, read) and read.query["column"][1] == Kind.NUMBER
    return _asked(node, read, {"give": give}) if fits else node


def _extreme(node: FunctionCall, read: TableRead, columns: _Columns, *, give: str) -> Node:
    if not _only(node, read) or read.query["column"][1] not in _ORDERED:
        return node
    more = {"sort": [*read.query["column"], give == "max"], "give": give}
    return _asked(node, read, {**_narrowed(read, _present(read)), **more})


def _only(node: FunctionCall, read: TableRead) -> bool:
    return len(node.arguments) == 1 and "slice" not in read.query and "column" in read.query


def _present(read: TableRead) -> list[Any]:
    return ["not", ["blank", *read.query["column"]]]


def _kind(column: str, columns: _Columns) -> str | None:
    kind = columns[column].kind if column in columns else None
    return kind.value if kind in _SCALARS and kind else None


def _column(node: Node | None, slot: int, columns: _Columns) -> tuple[str, str] | None:
    match node:
        case Member(receiver=Local(slot=found), name=name) if found == slot and (kind := _kind(name, columns)):
            return name, kind
    return None


def _steady(node: Node, slot: int | None = None) -> bool:
    """Tells whether an expression is the same for every row, and makes no call of a pack."""
    waiting, seen = [node], set[int]()  # what is asked, and what is done instead, share nodes
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        if len(seen) > MOST_PARTS:
            return False
        match part:
            case PackCall():
                return False
            case Local(slot=found) if found == slot:
                return False
            case FunctionCall(function=name) if name not in _STEADY:
                function = LIBRARY.find(name)
                if function is None or function.volatile or function.action:
                    return False
        waiting.extend(children(part))
    return True


@dataclass
class _Conditions:
    """Reads conditions over the item in a slot; ``values`` grows by what its columns are compared with."""

    slot: int
    columns: _Columns
    values: list[Node]

    def prefix(self, parts: Sequence[Node]) -> list[list[Any]]:
        """Gives the first conditions, up to one that only the language knows."""
        found: list[list[Any]] = []
        for part in parts:
            known, condition = len(self.values), self._condition(part, DEEPEST)
            if condition is None:
                del self.values[known:]
                break
            found.append(condition)
        return found

    def _condition(self, node: Node, deep: int) -> list[Any] | None:
        if (column := _column(node, self.slot, self.columns)) is not None:
            return self._flag(*column)
        match node:
            case FunctionCall(function="And" | "Or" | "Not" as word, arguments=parts) if deep:
                return self._joined(word.lower(), [part for part in parts if part is not None], deep - 1)
            case FunctionCall(function="IsBlank" | "IsNotBlank" as word, arguments=(part,)):
                return self._blank(part, wanted=word == "IsBlank")
            case Operation(operators=(sign,), operands=(left, right)) if sign in _MIRRORED:
                return self._compared(sign, left, right) or self._compared(_MIRRORED[sign], right, left)
            case FunctionCall(function="Contains", arguments=(choices, part)):
                return self._chosen(part, choices)
            case FunctionCall(function="In", arguments=(part, choices)):
                return self._chosen(part, choices)
            case FunctionCall(function=word, arguments=(part, text, *rest)) if word in _TEXTS and rest in ([], [None]):
                return self._texts(_TEXTS[word], part, text)
        return None

    def _joined(self, word: str, parts: Sequence[Node], deep: int) -> list[Any] | None:
        found = [condition for part in parts if (condition := self._condition(part, deep)) is not None]
        if len(found) < len(parts):
            return None
        return ["not", found[0]] if word == "not" else [word, found]

    def _flag(self, column: str, kind: str) -> list[Any] | None:
        if kind != Kind.BOOLEAN:
            return None
        return ["is", column, kind, "=", self._place(Constant(True, 0, 0))]

    def _blank(self, node: Node | None, *, wanted: bool) -> list[Any] | None:
        column = _column(node, self.slot, self.columns)
        if column is None:
            return None
        return ["blank", *column] if wanted else ["not", ["blank", *column]]

    def _compared(self, sign: str, left: Node, right: Node) -> list[Any] | None:
        column = _column(left, self.slot, self.columns)
        if column is None or not _steady(right, self.slot):
            return None
        return ["is", *column, sign, self._place(right)]

    def _chosen(self, part: Node | None, choices: Node | None) -> list[Any] | None:
        column = _column(part, self.slot, self.columns)
        if column is None or choices is None or not _steady(choices, self.slot):
            return None
        return ["in", *column, self._place(choices)]

    def _texts(self, how: str, part: Node | None, text: Node | None) -> list[Any] | None:
        column = _column(part, self.slot, self.columns)
        if column is None or column[1] != Kind.TEXT or text is None or not _steady(text, self.slot):
            return None
        return ["text", column[0], how, self._place(text)]

    def _place(self, value: Node) -> int:
        self.values.append(value)
        return len(self.values) - 1


_PUSHES: Final[Mapping[str, Callable[[FunctionCall, TableRead, _Columns], Node]]] = {
    "Filter": _filter,
    "CountIf": partial(_filter, give="count"),
    "Sort": _sort,
    "Slice": _slice,
    "First": partial(_end, give="first"),
    "Last": partial(_end, give="last"),
    "Count": partial(_count, blanks=False),
    "CountAll": partial(_count, blanks=True),
    "Sum": partial(_total, give="sum"),
    "Average": partial(_total, give="average"),
    "Min": partial(_extreme, give="min"),
    "Max": partial(_extreme, give="max"),
}
