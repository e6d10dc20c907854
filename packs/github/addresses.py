"""Reads what people write for a user or a repository."""

from __future__ import annotations

import re
from urllib.parse import quote

from packsys.sdk import UserVisibleError

_REPOSITORY = re.compile(
    r"""
    (?: https?://(?P<site>[^/?#\s]+)/ | (?P<bare>[a-z0-9-]+(?:\.[a-z0-9-]+)+)/ )?
    (?:api/v3/)? (?:repos/)?
    (?P<owner>[a-z0-9_-]+) / (?!\.{1,2}(?:[/?#]|$)) (?P<name>[a-z0-9._-]+?)
    (?:\.git)? (?:[/?#].*)?
    """,
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\[bot\])?", re.ASCII)


def login(text: str) -> str:
    """Gives the name of a user or an organisation, as paths have it."""
    found = text.strip().removeprefix("@")
    if not _LOGIN.fullmatch(found):
        raise UserVisibleError(f"{text!r} is not the name of a GitHub user or organisation.")
    return quote(found, safe="")


def repositories_of(owner: str) -> str:
    """Gives the path of an owner's repositories; a blank stands for all that the account can reach."""
    return f"/users/{login(owner)}/repos" if owner else "/user/repos"


def owner_and_name(text: str, endpoint: str) -> tuple[str, str]:
    """Gives owner and name of a repository by its page's address, or by its full name."""
    found = _REPOSITORY.fullmatch(text.strip())
    site = (found["site"] or found["bare"] or "github.com").lower() if found else ""
    if found is None or site not in _sites(endpoint):
        raise UserVisibleError(f"{text!r} is not the address of a GitHub repository.")
    return found["owner"], found["name"]


def _sites(endpoint: str) -> set[str]:
    own = endpoint.lower().partition("://")[2].partition("/")[0]
    return {"github.com", "www.github.com", "api.github.com", own, own.removeprefix("api.")}
