"""Decides at the beginning of a run which schema its table has from now on."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import lru_cache

from packsys.catalog.types import describe_schema
from packsys.errors import SchemaBroken
from packsys.sdk import ObjectSchema
from packsys.sync.asking import AskTable
from packsys.sync.evolution import Policy, Verdict, evolve
from packsys.sync.schema import fetched
from packsys.syncmodel import SyncClaim, SyncTable
from packsys.syncports import SyncTableStore


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Compares what the pack, or the service, says of a table with the schema that it had.

    With ``keeps=False`` it changes nothing, for a preview.
    """

    tables: SyncTableStore
    ask: AskTable
    keeps: bool = True

    def __call__(self, claim: SyncClaim) -> SyncClaim:
        """Gives the claim with the schema in force, which is the same for all pages of a run.

        Raises :class:`~packsys.errors.SchemaBroken` for a change that the table does not take, and
        :class:`~packsys.errors.ResultMismatch` for what is no schema.
        """
        if (claim.run.page > 0 or claim.run.partition) and claim.table.schema is not None:
            return claim
        schema = describe_schema(self._verdict(claim).schema)
        if self.keeps and schema != claim.table.schema:
            self.tables.shape(claim.table.id, schema)
        return replace(claim, table=replace(claim.table, schema=schema))

    def _verdict(self, claim: SyncClaim) -> Verdict:
        declared = self.ask.declared(claim.table)
        dynamic = declared.dynamic or declared.schema is None
        new = fetched(self.ask.schema(claim) if dynamic else declared.schema, claim.table.table)
        if claim.table.schema is None:
            return Verdict(schema=new)
        verdict = evolve(schema_of(claim.table), new, Policy(claim.table.policy))
        if verdict.halted:
            said = "; ".join(str(each) for each in verdict.differences)
            raise SchemaBroken(f"{claim.table.table} is not synced any more, because its schema changed: {said}.")
        return verdict


def schema_of(table: SyncTable) -> ObjectSchema:
    """Gives the schema in force of a table, the same object as long as it says the same."""
    return _read(json.dumps(table.schema, sort_keys=True), table.table)


@lru_cache(64)
def _read(written: str, table: str) -> ObjectSchema:
    return fetched(json.loads(written), table)
