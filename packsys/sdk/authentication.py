"""How a service knows the account: the pack declares it, and the host alone holds the secret and signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, kw_only=True)
class HeaderBearerToken:
    """Sends the account's token as ``Authorization: Bearer TOKEN``.

    ``instructions_url`` tells people where the service hands out such tokens.
    """

    instructions_url: str = ""


Authentication: TypeAlias = HeaderBearerToken
