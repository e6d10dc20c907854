"""Sockets for messages to callbacks, and for what signs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from packsys.model import Delivery, DeliveryState, WebhookSecret


class DeliveryStore(Protocol):
    """Keeps the messages about jobs that ended and had a callback; each came to be together with that end."""

    def take(self, *, limit: int, lease: float) -> Sequence[Delivery]:
        """Takes due deliveries for ``lease`` seconds, those of different workspaces in turn.

        Fewer, or none, while many are under way already.
        """

    def delivered(self, delivery: Delivery, *, status: int) -> bool:
        """Ends one that was taken; False, and nothing written, when another has taken it since."""

    def postpone(self, delivery: Delivery, *, delay: float, status: int | None, reason: str) -> bool:
        """Gives one back, to be due in ``delay`` seconds; False when another has taken it since."""

    def bury(self, delivery: Delivery, *, status: int | None, reason: str) -> bool:
        """Gives one up; False when another has taken it since."""

    def list(
        self, *, workspace: str, state: DeliveryState | None = None, before: str | None = None, limit: int = 100
    ) -> Sequence[Delivery]:
        """Lists a workspace's deliveries, those of the newest jobs first; ``before`` is the last job seen."""

    def retry(self, job: str, *, workspace: str) -> Delivery | None:
        """Makes a delivery due now, whatever became of it before; None when there is none."""


class WebhookSecretStore(Protocol):
    """Keeps what messages are signed with, sealed."""

    def add(self, secret: WebhookSecret, *, overlap: float) -> None:
        """Keeps a new one; those before it sign for ``overlap`` more seconds at most."""

    def current(self, workspace: str) -> Sequence[WebhookSecret]:
        """Lists those that sign now, the newest first."""

    def every(self) -> Sequence[WebhookSecret]:
        """Lists those that sign now, of all workspaces."""

    def reseal(self, secret: WebhookSecret, *, before: bytes) -> bool:
        """Keeps another seal of the same secret; False when the row holds something else than ``before``."""
