"""What an editor asks about a formula while it is typed: pure functions of its text, a place in it, and the scope."""

from packsys.language.editor.assistance import Assistance, assist
from packsys.language.editor.completions import Completion, completions
from packsys.language.editor.diagnostics import Diagnostic, diagnostics
from packsys.language.editor.help import Hover, SignatureHelp, hover, signature_help

__all__ = [
    "Assistance",
    "Completion",
    "Diagnostic",
    "Hover",
    "SignatureHelp",
    "assist",
    "completions",
    "diagnostics",
    "hover",
    "signature_help",
]
