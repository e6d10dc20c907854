"""GitHub in formulas: repositories and users, of github.com or of an Enterprise server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import quote

from packsys.sdk import Context, HeaderBearerToken, Pack, Url, UserVisibleError

from .schemas import Repository, User  # noqa: TID252 - published, the pack is a package of its own

pack = Pack(
    id=1013,
    name="GitHub",
    version="1.0.0",
    description="Repositories and users of GitHub.",
    author="packsys",
    categories=["Developer tools"],
    domains=["api.github.com"],
    base_url="https://api.github.com",
    authentication=HeaderBearerToken(instructions_url="https://github.com/settings/tokens"),
)

_HEADERS = {"Accept": "application/vnd.github.v3+json"}
_PAGE = 100  # the most that GitHub puts on one page
_MOST = 10_000
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


@pack.formula(result=Repository.list(), cache_ttl=300)
def repos(
    context: Context,
    owner: Annotated[str, "The user or organisation whose repositories to list; blank for the account's own."] = "",
    limit: Annotated[int, "How many to list at most."] = 1000,
) -> list[dict[str, Any]]:
    """Lists repositories by name: all that the account can reach, or the public ones of an owner."""
    if not 1 <= limit <= _MOST:
        raise UserVisibleError(f"limit must be between 1 and {_MOST}, not {limit}.")
    path = f"/users/{_login(owner)}/repos" if owner else "/user/repos"
    query: Mapping[str, int] = {"per_page": min(_PAGE, limit)}
    found: list[dict[str, Any]] = []
    while path and len(found) < limit:
        page = context.fetch(path, headers=_HEADERS, query=query)
        found += page.json()
        path, query = page.links.get("next", ""), {}  # the next address brings its own query
    return found[:limit]


@pack.formula(result=Repository, cache_ttl=300)
def repo(
    context: Context,
    url: Annotated[str, Url, "The address of the repository's page, or its name as in octocat/hello-world."],
) -> dict[str, Any]:
    """Finds a repository by its address."""
    owner, name = _owner_and_name(url, context.endpoint)
    answer: dict[str, Any] = context.fetch(f"/repos/{owner}/{name}", headers=_HEADERS).json()
    return answer


@pack.formula(result=User, cache_ttl=300)
def user(
    context: Context,
    login: Annotated[str, "The user's name in GitHub; blank for the account itself."] = "",
) -> dict[str, Any]:
    """Finds a user."""
    path = f"/users/{_login(login)}" if login else "/user"
    answer: dict[str, Any] = context.fetch(path, headers=_HEADERS).json()
    return answer


def _login(text: str) -> str:
    login = text.strip().removeprefix("@")
    if not _LOGIN.fullmatch(login):
        raise UserVisibleError(f"{text!r} is not the name of a GitHub user or organisation.")
    return quote(login, safe="")


def _owner_and_name(text: str, endpoint: str) -> tuple[str, str]:
    found = _REPOSITORY.fullmatch(text.strip())
    site = (found["site"] or found["bare"] or "github.com").lower() if found else ""
    if found is None or site not in _sites(endpoint):
        raise UserVisibleError(f"{text!r} is not the address of a GitHub repository.")
    return found["owner"], found["name"]


def _sites(endpoint: str) -> set[str]:
    own = endpoint.lower().partition("://")[2].partition("/")[0]
    return {"github.com", "www.github.com", "api.github.com", own, own.removeprefix("api.")}
