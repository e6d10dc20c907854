"""The pressure of a house without queues."""

from __future__ import annotations


class NoPressure:
    """Has room for everything."""

    def check(self) -> None:
        """Refuses nothing."""
