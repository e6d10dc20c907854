"""A pack for tests that asks its service for as many pages as it is told."""

from __future__ import annotations

from typing import Annotated

from packsys.sdk import Context, Pack, RateLimit

pack = Pack(
    id=9003, name="Asking", version="1.0.0", description="Asks a service.", domains=["asking.example"],
    base_url="https://asking.example",
)  # fmt: skip


@pack.formula()
def pages(context: Context, count: Annotated[int, "How many pages."] = 1) -> float:
    """Asks for pages and counts them."""
    return sum(context.fetch(f"/{number}").status == 200 for number in range(count))


@pack.formula(rate_limit=RateLimit(requests=1, seconds=60))
def search(context: Context, words: Annotated[str, "What to look for."]) -> float:
    """Asks for what the service lets few ask for."""
    return float(context.fetch("/search", query={"words": words}).status)


@pack.formula()
def nothing(context: Context) -> float:
    """Asks for nothing."""
    return 0


@pack.formula(is_action=True)
def send(context: Context, count: Annotated[int, "How many messages."] = 1) -> float:
    """Sends messages and counts them."""
    return sum(context.fetch("/messages", method="POST", json={}).status == 200 for _ in range(count))
