"""One thing that pack code is sent for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packsys.ports import Call, Inquiry, World
from packsys.sdk.targets import Target


@dataclass(frozen=True, kw_only=True)
class Errand:
    """Is one thing that pack code is sent for, be it a formula or an answer; ``name`` is what messages call it."""

    pack_id: int
    version: str
    name: str
    target: Target
    arguments: Mapping[str, Any]
    account: str | None
    world: World

    @classmethod
    def of_call(cls, call: Call) -> Errand:
        """Is the call of a formula."""
        invocation = call.invocation
        return cls(
            pack_id=invocation.pack_id,
            version=invocation.version,
            name=invocation.name,
            target=Target(name=invocation.formula),
            arguments=invocation.arguments,
            account=invocation.account,
            world=call.world,
        )

    @classmethod
    def of_inquiry(cls, inquiry: Inquiry, *, pack: str) -> Errand:
        """Is anything else that the pack, of this name, is asked for."""
        target = inquiry.target
        return cls(
            pack_id=inquiry.pack_id,
            version=inquiry.version,
            name=f"{pack}::{target.name or target.aim}",
            target=target,
            arguments=inquiry.arguments,
            account=inquiry.account,
            world=inquiry.world,
        )

    @property
    def order(self) -> dict[str, Any]:
        """Says all that the other side must know of it; what is blank is left out, since every call pays for it."""
        world = self.world
        said = {"endpoint": world.endpoint, "idempotency_key": world.idempotency_key, "token": world.token}
        return {
            "op": "call",
            "target": _without_blanks(vars(self.target)),
            "arguments": self.arguments,
            "context": {"timezone": world.timezone, "locale": world.locale, **_without_blanks(said)},
            "location": _without_blanks(vars(world.location)),
            "sync": _without_blanks(vars(world.sync)),
        }


def _without_blanks(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value}
