"""What a pack can find out about a connected account: its name, its number, and what to settle after connecting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Step:
    """Is one question after connecting: which endpoint to use. The function lists them, as choices or text."""

    name: str
    function: Callable[..., Sequence[Any]]
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class AccountFunctions:
    """Holds the functions that tell about an account; each takes the context alone."""

    name: Callable[..., str] | None = None
    user_id: Callable[..., str] | None = None
    steps: tuple[Step, ...] = ()
