"""Signs messages as Standard Webhooks 1.0 has it (https://www.standardwebhooks.com)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime

from standardwebhooks import Webhook

from packsys.connections.secret import Secret

BYTES = 32
"""Random bytes in a secret; 24 to 64 are allowed."""

_PREFIX = "whsec_"


def secret_of(randomness: bytes) -> Secret:
    """Writes random bytes as a secret."""
    return Secret(_PREFIX + b64encode(randomness).decode())


def signed(secrets: Sequence[Secret], message: str, body: bytes, *, at: datetime) -> Mapping[str, str]:
    """Gives the headers of a message: its id, when it is sent, and a signature by each of the secrets.

    Who receives it needs one of the secrets only, so that they can be changed one after the other. ``at`` is in UTC.
    """
    signatures = (Webhook(secret.reveal()).sign(message, at, body.decode()) for secret in secrets)
    return {
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
