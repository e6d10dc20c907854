"""Packs, what is in them, and files that their code keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from packsys.language.signature import Signature
from packsys.limits.policy import Policy


@dataclass(frozen=True, kw_only=True)
class PackFormula:
    """Is one formula of a pack release: its signature, and the limits of a call.

    ``cache_ttl``, ``cache_stale`` (how long a result may be used after that, while another is made) and ``timeout`` are
    seconds, ``attempts`` counts the first try. ``rate_limits`` come on top of the release's own.
    """

    signature: Signature
    cache_ttl: float = 0.0
    cache_stale: float = 0.0
    timeout: float = 30.0
    attempts: int = 4
    rate_limits: tuple[Policy, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PackTable:
    """Is one sync table of a pack release, and the limits of a page.

    ``schema`` is that of its rows as manifests write it, or None where only the service knows: then the table is
    ``dynamic``. ``timeout`` is seconds, ``attempts`` counts the first try.
    """

    name: str
    schema: Mapping[str, Any] | None = None
    dynamic: bool = False
    timeout: float = 60.0
    attempts: int = 4


@dataclass(frozen=True, kw_only=True)
class PackVersion:
    """Is one immutable release of a pack.

    ``authentication`` is the plain-JSON description of how requests are signed, ``base_url`` what relative
    addresses are relative to when the connection names no endpoint of its own. ``rate_limits`` hold where the operator
    says nothing else.
    """

    id: int
    name: str
    version: str
    description: str
    domains: tuple[str, ...]
    formulas: Mapping[str, PackFormula]
    base_url: str = ""
    authentication: Mapping[str, Any] = field(default_factory=dict)
    rate_limits: tuple[Policy, ...] = ()
    tables: Mapping[str, PackTable] = field(default_factory=dict)

    @cached_property
    def signatures(self) -> Mapping[str, Signature]:
        """Gives what can be called of it, by name; written once, so that it is soon seen to be the same."""
        return {name: formula.signature for name, formula in self.formulas.items()}

    @cached_property
    def acts(self) -> bool:
        """Tells whether it has actions, which change what its other formulas give."""
        return any(formula.signature.action for formula in self.formulas.values())


@dataclass(frozen=True, kw_only=True)
class Release:
    """Is a published pack version: what was uploaded, byte for byte, and who did it. It never changes.

    ``digest`` is the SHA-256 of ``archive``, ``runtime`` what runs it: ``python`` or ``javascript``.
    """

    pack_id: int
    version: str
    name: str
    runtime: str
    digest: str
    manifest: Mapping[str, Any] = field(repr=False)
    archive: bytes = field(repr=False)
    published_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Blob:
    """Is a file that is kept for a while; ``name`` is what a browser saves it as."""

    content: bytes = field(repr=False)
    content_type: str
    name: str = ""
