"""Which domains a pack may declare: names that belong to somebody, not endings under which everybody can have one."""

from __future__ import annotations

from functools import cache
from typing import Protocol

from packsys.sdk.errors import PackDeclarationError
from packsys.sdk.names import check_domain

# The list has these for what strangers store under deeper names. The service's own names lie right below, and its
# clients are told to declare it as a whole.
_SERVICES = frozenset({"googleapis.com"})


class _Suffixes(Protocol):
    def publicsuffix(self, domain: str) -> str | None: ...


def check_owned_domain(pack: str, domain: str) -> None:
    """Refuses what is no host name, and public suffixes (https://publicsuffix.org) such as ``co.uk`` and ``github.io``.

    Raises :class:`~packsys.sdk.errors.PackDeclarationError`.
    """
    check_domain(pack, domain)
    if is_public_suffix(domain):
        raise PackDeclarationError(
            f"Pack {pack} declares the domain {domain!r}: everybody can have a name below it; "
            "declare the service's own name."
        )


def is_public_suffix(domain: str) -> bool:
    """Tells whether strangers can have names below the domain, by the list that came with this installation."""
    return domain not in _SERVICES and _suffixes().publicsuffix(domain) == domain


@cache
def _suffixes() -> _Suffixes:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415 - a process without packs of strangers needs no list

    found: _Suffixes = PublicSuffixList()
    return found
