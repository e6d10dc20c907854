"""Finds the service that a command is meant for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from packsys.errors import RequestError

FILE = "service.json"


@dataclass(frozen=True)
class Address:
    """Is where a service listens, and the key it knows us by."""

    url: str
    key: str = field(repr=False)


def home(environ: Mapping[str, str] = os.environ) -> Path:
    """Names the folder in which ``packsys up`` keeps its servers: $PACKSYS_HOME, else ./.packsys/up."""
    return Path(environ.get("PACKSYS_HOME") or ".packsys/up")


@contextmanager
def announced(folder: Path, url: str, key: str) -> Iterator[None]:
    """Keeps the address of a running system where other commands look, and takes it away at the end.

    Only its owner may read it.
    """
    (folder / FILE).touch(mode=0o600)
    (folder / FILE).write_text(json.dumps(asdict(Address(url, key))))
    try:
        yield
    finally:
        (folder / FILE).unlink(missing_ok=True)


def find_address(*, url: str | None, key: str | None, environ: Mapping[str, str] = os.environ) -> Address:
    """Takes what was given, else $PACKSYS_URL and $PACKSYS_KEY, else the system that ``packsys up`` runs."""
    url, key = url or environ.get("PACKSYS_URL"), key or environ.get("PACKSYS_KEY")
    if not (url and key):
        kept = _read(home(environ) / FILE)
        url, key = url or kept.get("url"), key or kept.get("key")
    if not (url and key):
        raise RequestError("No service is known here: start one with 'packsys up', or give --url and --key.")
    return Address(url, key)


def _read(file: Path) -> dict[str, str]:
    return dict(json.loads(file.read_text())) if file.exists() else {}
