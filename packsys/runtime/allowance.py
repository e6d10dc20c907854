"""How much pack code may keep in temporary files."""

from __future__ import annotations

from dataclasses import dataclass

from packsys.errors import BlobTooLarge


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """Bounds one file by bytes and seconds, and all that a workspace keeps at once by bytes and by their number.

    The files are for a browser, or another service, to fetch soon after: they are bounded by what a cache can hold.
    """

    largest: int = 25_000_000
    total: int = 100_000_000
    files: int = 10_000
    longest: float = 86_400.0

    def seconds(self, ttl: float) -> float:
        """Gives for how long a file is kept that is to be kept for ``ttl`` seconds."""
        return min(ttl, self.longest)

    def check(self, size: int) -> None:
        """Raises BlobTooLarge for a file that is larger than any may be."""
        if size > self.largest:
            raise BlobTooLarge(f"The pack keeps a file of {size} bytes: {self.largest} are the most; keep less.")

    def check_room(self, size: int, *, used: int, files: int) -> None:
        """Raises BlobTooLarge for a file that does not fit beside the ``files`` of ``used`` bytes that are kept."""
        if files >= self.files:
            raise BlobTooLarge(
                f"The workspace keeps {files} temporary files, and more it may not: wait until some have expired, or "
                "let the pack keep them for a shorter time."
            )
        if used + size > self.total:
            raise BlobTooLarge(
                f"The workspace keeps temporary files of {used} bytes, and {self.total} are the most, so that {size} "
                "more do not fit: wait until some have expired, or let the pack keep them for a shorter time."
            )
