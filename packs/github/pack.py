"""GitHub in formulas and tables: repositories, issues and users, of github.com or of an Enterprise server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from packsys.sdk import Context, HeaderBearerToken, Pack, Url, UserVisibleError

# The pack is a package of its own when it is published.
from .addresses import login as login_of  # noqa: TID252
from .addresses import owner_and_name, repositories_of  # noqa: TID252
from .schemas import Issue, Repository, RepositoryRow, User  # noqa: TID252
from .tables import HEADERS, PAGE, issues, repositories  # noqa: TID252

pack = Pack(
    id=1013,
    name="GitHub",
    version="1.0.0",
    description="Repositories, issues and users of GitHub.",
    author="packsys",
    categories=["Developer tools"],
    domains=["api.github.com"],
    base_url="https://api.github.com",
    authentication=HeaderBearerToken(instructions_url="https://github.com/settings/tokens"),
)

_MOST = 10_000


@pack.formula(result=Repository.list(), cache_ttl=300)
def repos(
    context: Context,
    owner: Annotated[str, "The user or organisation whose repositories to list; blank for the account's own."] = "",
    limit: Annotated[int, "How many to list at most."] = 1000,
) -> list[dict[str, Any]]:
    """Lists repositories by name: all that the account can reach, or the public ones of an owner."""
    if not 1 <= limit <= _MOST:
        raise UserVisibleError(f"limit must be between 1 and {_MOST}, not {limit}.")
    path = repositories_of(owner)
    query: Mapping[str, int] = {"per_page": min(PAGE, limit)}
    found: list[dict[str, Any]] = []
    while path and len(found) < limit:
        page = context.fetch(path, headers=HEADERS, query=query)
        found += page.json()
        path, query = page.links.get("next", ""), {}  # the next address brings its own query
    return found[:limit]


@pack.formula(result=Repository, cache_ttl=300)
def repo(
    context: Context,
    url: Annotated[str, Url, "The address of the repository's page, or its name as in octocat/hello-world."],
) -> dict[str, Any]:
    """Finds a repository by its address."""
    owner, name = owner_and_name(url, context.endpoint)
    answer: dict[str, Any] = context.fetch(f"/repos/{owner}/{name}", headers=HEADERS).json()
    return answer


@pack.formula(result=User, cache_ttl=300)
def user(
    context: Context,
    login: Annotated[str, "The user's name in GitHub; blank for the account itself."] = "",
) -> dict[str, Any]:
    """Finds a user."""
    path = f"/users/{login_of(login)}" if login else "/user"
    answer: dict[str, Any] = context.fetch(path, headers=HEADERS).json()
    return answer


pack.sync_table(schema=RepositoryRow, name="Repos")(repositories)
pack.sync_table(schema=Issue, name="Issues")(issues)
