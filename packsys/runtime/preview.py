"""Shows what a formula would do, without doing it, and what is said about it while it is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from packsys.language.compile import Compiled
from packsys.language.drawing import drawn
from packsys.language.editor import Assistance, assist
from packsys.model import Submission
from packsys.planner.plan import Plan, plan_of
from packsys.ports import ConnectionStore, PackStore, TableReader
from packsys.runtime.scope import WorkspaceScope
from packsys.runtime.tables import NoTables


@dataclass(frozen=True)
class Preview:
    """Is a formula's tree, its plan, and what its author should know."""

    tree: Mapping[str, Any]
    plan: Plan
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class PreviewFormula:
    """Parses, binds and plans a formula; keeps and sends nothing."""

    compile: Callable[[Submission], Compiled]

    def __call__(self, submission: Submission) -> Preview:
        """Gives the preview; raises FormulaError."""
        compiled = self.compile(submission)
        return Preview(drawn(compiled.tree), plan_of(compiled.tree), compiled.warnings)


@dataclass(frozen=True, kw_only=True)
class AssistAuthor:
    """Tells an editor what can stand in a formula, what is said about it, and what is wrong with it."""

    packs: PackStore
    connections: ConnectionStore
    tables: TableReader = NoTables()  # noqa: RUF009 - it holds nothing

    def __call__(self, submission: Submission, position: int) -> Assistance:
        """Gives what is known at a position of the formula, counted in code points; a wrong formula is no error."""
        scope = WorkspaceScope(submission, packs=self.packs, connections=self.connections, tables=self.tables)
        return assist(submission.formula, position, scope)
