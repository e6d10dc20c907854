"""A pack whose people sign in by OAuth 2. The full GitHub pack is in packs/github."""

from typing import Annotated, Any

from packsys.sdk import Context, Number, OAuth2, ObjectSchema, Pack, Page, Property, Text, Url, UserVisibleError

pack = Pack(
    id=9203,
    name="GitHubLike",
    version="1.0.0",
    description="Repositories and stars, signed in by OAuth.",
    domains=["api.github.com"],
    base_url="https://api.github.com",
    authentication=OAuth2(
        authorization_url="https://github.com/login/oauth/authorize",
        token_url="https://github.com/login/oauth/access_token",
        scopes=["read:user", "public_repo"],
        instructions_url="https://github.com/settings/developers",
    ),
)

Repository = ObjectSchema(
    "Repository",
    id="Url",
    display="FullName",
    featured=["Stars"],
    properties={
        "Url": Property(Url, from_key="html_url", required=True),
        "full_name": Property(Text, required=True),
        "Stars": Property(Number, from_key="stargazers_count"),
    },
)


@pack.connection_name
def login(context: Context) -> str:
    """Names the account."""
    return str(context.fetch("/user").json()["login"])


@pack.sync_table(schema=Repository)
def repositories(context: Context) -> Page:
    """Lists the account's repositories."""
    path = context.sync.continuation.get("next", "/user/repos?per_page=100")
    answer = context.retry(lambda: context.fetch(path))
    after = answer.links.get("next")
    return Page(answer.json(), continuation={"next": after} if after else None)


@pack.formula(result=Repository, cache_ttl=300)
def repository(context: Context, url: Annotated[str, Url, "The address of the repository's page."]) -> dict[str, Any]:
    """Finds a repository by its address."""
    found: dict[str, Any] = context.fetch(f"/repos/{_name(url)}").json()
    return found


@pack.formula(is_action=True)
def star(context: Context, url: Annotated[str, Url, "The address of the repository's page."]) -> bool:
    """Stars a repository."""
    context.fetch(f"/user/starred/{_name(url)}", method="PUT")
    return True


def _name(url: str) -> str:
    owner_and_name = url.removeprefix("https://github.com/").strip("/")
    if owner_and_name.count("/") != 1 or "://" in url.removeprefix("https://"):
        raise UserVisibleError(f"{url!r} is not the address of a repository.")
    return owner_and_name


pack.column_format("Repository", formula="Repository", domains=["github.com"])
