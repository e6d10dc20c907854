"""Makes the ids of jobs."""

from __future__ import annotations

from datetime import datetime


def job_id(now: datetime, randomness: bytes) -> str:
    """Makes a UUID of version 7 (RFC 9562, 5.7): ids sort by time, so a table grows at one end.

    ``randomness`` is at least 10 bytes.
    """
    milliseconds = int(now.timestamp() * 1000)
    number = milliseconds << 80 | int.from_bytes(randomness[:10], "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
