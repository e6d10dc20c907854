"""What earlier calls gave, as packs may look for it: read, and never written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packsys.language.keys import read_key
from packsys.model import PackVersion
from packsys.ports import ResultCache
from packsys.values import Failure


@dataclass(frozen=True, kw_only=True)
class Recall:
    """Finds the kept results of one release with one account: the read-only cache of a pack's context."""

    cache: ResultCache
    workspace: str
    pack: PackVersion
    account: str | None
    timezone: str = "UTC"
    locale: str = "en"

    def get(self, formula: str, arguments: Mapping[str, Any]) -> tuple[Any] | None:
        """Finds a result by the arguments of its call, by name; those that are left out take their default."""
        declared = self.pack.formulas.get(formula)
        if declared is None or declared.signature.action:
            return None
        defaults = {each.name: [] if each.variadic else each.default for each in declared.signature.parameters}
        try:
            key = read_key(self.pack.id, self.pack.version, formula, self.account, {**defaults, **arguments})
        except Failure:  # such arguments cannot be kept, so no result of theirs is
            return None
        tags = tags_of(
            self.workspace, pack=self.pack.id, version=self.pack.version, formula=formula, account=self.account
        )
        name = kept_under(self.workspace, key, timezone=self.timezone, locale=self.locale)
        kept = self.cache.get(name, tags=tags)
        return (kept.value,) if kept else None


def kept_under(workspace: str, key: str, *, timezone: str, locale: str) -> str:
    """Names the place of a call's result: workspaces share none, nor do time zones and locales.

    A pack knows both of its job, and its dates are read in the zone. Release, formula, account and arguments are in
    the key; it and the names of zones and locales hold no colon.
    """
    return f"{workspace}:{timezone}:{locale}:{key}"


def workspace_tag(workspace: str) -> str:
    """Names what all results of a workspace depend on."""
    return f"workspace:{workspace}"


def pack_tag(pack: int, version: str = "", *, workspace: str = "") -> str:
    """Names what all results of a pack, or of one version of it, depend on: everywhere, or in one workspace."""
    everywhere = f"pack:{pack}@{version}" if version else f"pack:{pack}"
    return f"{everywhere}:{workspace}" if workspace else everywhere


def formula_tag(workspace: str, pack: int, formula: str) -> str:
    """Names what all results of a formula depend on in one workspace; as in a formula, case does not matter."""
    return f"formula:{pack}:{formula.casefold()}:{workspace}"


def connection_tag(workspace: str, account: str) -> str:
    """Names what all results of an account depend on."""
    return f"connection:{account}:{workspace}"


def changed_tag(workspace: str, *, pack: int, account: str | None) -> str:
    """Names what an action may have changed: what was read with its account, or from its pack where it has none."""
    return pack_tag(pack, workspace=workspace) if account is None else connection_tag(workspace, account)


def tags_of(workspace: str, *, pack: int, version: str, formula: str, account: str | None) -> tuple[str, ...]:
    """Lists what the result of a call depends on, so that it can be forgotten."""
    return (
        pack_tag(pack),
        pack_tag(pack, version),
        workspace_tag(workspace),
        pack_tag(pack, workspace=workspace),
        pack_tag(pack, version, workspace=workspace),
        formula_tag(workspace, pack, formula),
        *(() if account is None else (connection_tag(workspace, account),)),
    )
