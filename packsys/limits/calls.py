"""How many calls run at once, as an operator allows it: of a workspace, and of a pack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from packsys.errors import WrongSetUp
from packsys.limits.demand import Pool

_WRITTEN = re.compile(r"(?P<what>workspace|pack)(?:\s+(?P<name>[^=\s]+))?\s*=\s*(?P<limit>[1-9]\d{0,8})")


@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """Allows so many calls at once: to those that are named, and to each other one; without a number, any number."""

    workspaces: Mapping[str, int] = field(default_factory=dict)
    each_workspace: int | None = None
    packs: Mapping[int, int] = field(default_factory=dict)
    each_pack: int | None = None

    def pools(self, *, workspace: str, pack: int) -> tuple[Pool, ...]:
        """Gives the pools in which a call needs a slot; none where nothing is said about it."""
        of_workspace = self.workspaces.get(workspace, self.each_workspace)
        of_pack = self.packs.get(pack, self.each_pack)
        return (
            *(() if of_workspace is None else (Pool(key=f"workspace:{workspace}", limit=of_workspace),)),
            *(() if of_pack is None else (Pool(key=f"pack:{pack}", limit=of_pack),)),
        )


def call_limits(text: str) -> CallLimits:
    """Reads ``workspace=20; workspace sales=50; pack=30; pack 1013=4``.

    Raises :class:`~packsys.errors.WrongSetUp` with the part that makes no sense.
    """
    parts = [_part(part.strip()) for part in text.split(";") if part.strip()]
    workspaces = {name: limit for what, name, limit in parts if what == "workspace" and name}
    packs = {int(name): limit for what, name, limit in parts if what == "pack" and name}
    each = {what: limit for what, name, limit in parts if not name}
    return CallLimits(
        workspaces=workspaces, each_workspace=each.get("workspace"), packs=packs, each_pack=each.get("pack")
    )


def _part(written: str) -> tuple[str, str, int]:
    found = _WRITTEN.fullmatch(written)
    name = (found["name"] or "") if found else ""
    if found is None or (found["what"] == "pack" and name and not re.fullmatch(r"[0-9]{1,18}", name)):
        raise WrongSetUp(
            f"{written!r} does not say how many calls may run at once: write workspace=20, workspace sales=50, "
            "pack=30 or pack 1013=4."
        )
    return found["what"], name, int(found["limit"])
