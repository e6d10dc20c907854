"""Shows what a formula would do, without doing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from packsys.language.compile import Compiled
from packsys.language.drawing import drawn
from packsys.model import Submission
from packsys.planner.plan import Plan, plan_of


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
