"""Draws a bound formula as plain JSON, for people who look at what a formula means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from packsys.language.nodes import (
    AccountRef,
    Constant,
    FunctionCall,
    Node,
    Operation,
    PackCall,
    TableRead,
    children,
)
from packsys.values import plain

Drawing: TypeAlias = Mapping[str, Any]

MAX_LEVELS: Final = 60
"""Levels that are drawn: JSON readers refuse much more."""


def drawn(tree: Node, *, levels: int = MAX_LEVELS) -> Drawing:
    """Gives the tree as nested objects: ``kind``, ``name``, offsets and ``parts``; ``more`` stands for deeper ones."""
    if isinstance(tree, TableRead) and tree.instead is not None:
        return drawn(tree.instead, levels=levels)  # what it means, whoever does it
    kind, name = _title(tree) if levels else ("more", "…")
    parts = [drawn(child, levels=levels - 1) for child in children(tree)] if levels else []
    return {"kind": kind, "name": name, "start": tree.start, "end": tree.end, "parts": parts}


def _title(node: Node) -> tuple[str, Any]:
    match node:
        case Constant():
            return "constant", plain(node.value)
        case AccountRef():
            return "account", node.name
        case Operation():
            return "operation", " ".join(node.operators)
        case FunctionCall():
            return "function", node.function
        case PackCall():
            return "call", f"{node.pack}::{node.formula}"
        case TableRead():
            return "table", node.name
    return type(node).__name__.lower(), node.name
