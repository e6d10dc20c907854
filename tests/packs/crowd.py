"""A pack for tests: it writes down who comes and who leaves."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Annotated

from packsys.sdk import Context, Pack

pack = Pack(id=9007, name="Crowd", version="1.0.0", description="Writes down who comes and who leaves.")


@pack.formula()
def visit(
    context: Context,
    book: Annotated[str, "The file to write in."],
    visitor: Annotated[float, "Who comes."],
) -> float:
    """Comes, stays for a moment, and leaves."""
    _write(Path(book), "+")
    time.sleep(0.05)
    _write(Path(book), "-")
    return visitor


def _write(book: Path, sign: str) -> None:
    file = os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, sign.encode())
    finally:
        os.close(file)
