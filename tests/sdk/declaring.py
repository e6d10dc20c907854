"""What tests of declarations share: a pack to declare on, and the sentence of a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from packsys.sdk import Pack, PackDeclarationError


def a_pack(**terms: Any) -> Pack:
    """Gives a pack for a test."""
    return Pack(**{"id": 9100, "name": "Trial", "version": "1.0.0", "description": "For a test.", **terms})


def refused(declare: Callable[[], object]) -> str:
    """Gives the sentence with which a declaration is refused."""
    with pytest.raises(PackDeclarationError) as caught:
        declare()
    return str(caught.value)
