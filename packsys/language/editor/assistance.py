"""All that an editor shows at a place in a formula."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.language.editor.completions import Completion, completions
from packsys.language.editor.diagnostics import Diagnostic, diagnostics
from packsys.language.editor.help import Hover, SignatureHelp, hover, signature_help
from packsys.language.scope import Scope


@dataclass(frozen=True)
class Assistance:
    """Is what can stand at a place, what is said about it, the call around it, and what is wrong with the formula."""

    completions: tuple[Completion, ...]
    hover: Hover | None
    signature: SignatureHelp | None
    diagnostics: tuple[Diagnostic, ...]


def assist(text: str, position: int, scope: Scope) -> Assistance:
    """Gives all of it; ``position`` counts code points, and one beyond the end is the end."""
    place = min(position, len(text))
    return Assistance(
        completions=tuple(completions(text, place, scope)),
        hover=hover(text, place, scope),
        signature=signature_help(text, place, scope),
        diagnostics=tuple(diagnostics(text, scope)),
    )
