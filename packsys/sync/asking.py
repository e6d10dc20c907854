"""Asks a pack about the table of a claim: for a page of its rows, or for their schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from packsys.errors import NotFound
from packsys.model import PackTable
from packsys.ports import PackStore
from packsys.runtime.inquire import Inquire, Question
from packsys.sdk import Page
from packsys.sdk.surroundings import Sync
from packsys.sdk.targets import Aim, Target
from packsys.syncmodel import SyncClaim, SyncTable


@dataclass(frozen=True, kw_only=True)
class AskTable:
    """Asks packs about tables."""

    packs: PackStore
    inquire: Inquire

    def declared(self, table: SyncTable) -> PackTable:
        """Finds what the pack declares of a table; raises NotFound where it has none, or is gone itself."""
        number, version = table.pack_id, table.version
        pack = self.packs.release(number, version) if version else self.packs.by_id(number)
        found = pack.tables.get(table.table) if pack else None
        if found is None:
            raise NotFound(f"There is no sync table {table.table} in pack {number}: look at the list of packs.")
        return found

    def page(self, claim: SyncClaim) -> Page:
        """Gives the next page; raises what :meth:`packsys.ports.PackRunner.ask` raises."""
        page: Page = self._ask(claim, Aim.PAGE, arguments=claim.table.parameters)
        return page

    def schema(self, claim: SyncClaim) -> Mapping[str, Any]:
        """Gives the schema of a dynamic table as the service has it now."""
        schema: Mapping[str, Any] = self._ask(claim, Aim.TABLE_SCHEMA, arguments={})
        return schema

    def _ask(self, claim: SyncClaim, aim: Aim, *, arguments: Mapping[str, Any]) -> Any:
        run, table = claim.run, claim.table
        return self.inquire(
            Question(
                pack_id=table.pack_id,
                version=table.version,
                target=Target(aim=aim, name=table.table),
                workspace=table.workspace,
                account=table.account,
                arguments=arguments,
                sync=_where(claim),
                timezone=table.timezone,
                timeout=self.declared(table).timeout,
                idempotency_key=f"{run.id}:{run.page}",
            )
        )


def _where(claim: SyncClaim) -> Sync:
    return Sync(
        continuation=claim.run.continuation or {},
        previous=claim.run.previous or {},
        started_at=claim.run.started_at,
        dynamic_url=claim.table.dynamic_url,
        schema=claim.table.schema or {},
    )
