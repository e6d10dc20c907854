"""Walks a tree of any height on a stack of its own."""

from __future__ import annotations

from collections.abc import Callable, Generator
from types import GeneratorType
from typing import Any, TypeAlias, TypeVar

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Visit: TypeAlias = Generator[Asked, Answer, Answer]


def walk(root: Asked, visit: Callable[[Asked], Answer | Visit[Asked, Answer]]) -> Answer:
    """Gives ``visit(root)``; where that is a generator, each thing it yields is visited and the answer sent back.

    A formula nested 200 levels deep thus takes as many of Python's frames as a flat one. Answers are never
    generators themselves.
    """
    stack: list[Generator[Asked, Any, Answer]] = []
    reply: Any = visit(root)
    while True:
        if isinstance(reply, GeneratorType):
            stack.append(reply)
            reply = None
        elif not stack:
            return reply  # type: ignore[no-any-return]  # an answer, by the contract of visit
        try:
            asked = stack[-1].send(reply)
        except StopIteration as done:
            stack.pop()
            reply = done.value
        else:
            reply = visit(asked)
