"""What the stand-in knows: a few accounts, two organisations, and their repositories.

All of it is invented, and the numbers are far above those that GitHub has given out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Is an account or an organisation."""

    id: int
    login: str
    name: str
    type: str = "User"
    bio: str | None = None
    company: str | None = None
    blog: str = ""
    location: str | None = None
    email: str | None = None
    followers: int = 0
    following: int = 0
    created_at: str = "2016-03-09T08:12:44Z"


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Is a repository, as far as it is not the same for all."""

    id: int
    owner: str
    name: str
    description: str | None
    language: str | None = None
    stars: int = 0
    forks: int = 0
    issues: int = 0
    size: int = 120
    topics: tuple[str, ...] = ()
    license: str | None = "mit"
    homepage: str | None = None
    private: bool = False
    archived: bool = False
    fork_of: str | None = None
    template: bool = False
    branch: str = "main"
    created_at: str = "2021-05-17T09:30:00Z"
    pushed_at: str = "2026-09-02T18:04:11Z"

    @property
    def full_name(self) -> str:
        """Is the name with the owner's before it."""
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Is an issue, or with ``pull`` a pull request."""

    id: int
    number: int
    title: str
    author: str
    body: str | None = None
    state: str = "open"
    labels: tuple[str, ...] = ()
    comments: int = 0
    pull: bool = False
    created_at: str = "2026-03-01T09:00:00Z"
    updated_at: str = "2026-03-01T09:00:00Z"


@dataclass(frozen=True, kw_only=True)
class World:
    """Is everything that the stand-in can be asked about; ``renamed`` leads from old full names to ids.

    ``issues`` are by full name; a repository that is not among them has its issues switched off.
    """

    account: str
    owners: Mapping[str, Owner]
    repositories: tuple[Repository, ...]
    memberships: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    renamed: Mapping[str, int] = field(default_factory=dict)
    issues: Mapping[str, tuple[Issue, ...]] = field(default_factory=dict)


_LICENSES = {
    "mit": ("MIT License", "MIT", "MDc6TGljZW5zZTEz"),
    "apache-2.0": ("Apache License 2.0", "Apache-2.0", "MDc6TGljZW5zZTI="),
    "gpl-3.0": ("GNU General Public License v3.0", "GPL-3.0", "MDc6TGljZW5zZTk="),
}


def hereisfun() -> World:
    """Makes the world around the account ``hereisfun``."""
    owners = (
        Owner(
            id=990000001,
            login="hereisfun",
            name="Fun Here",
            bio="Small tools, tidy data, strong tea. 写点小工具。",
            company="@tea-house-labs",
            blog="https://hereisfun.example",
            location="Hangzhou",
            email="hello@hereisfun.example",
            followers=412,
            following=87,
        ),
        Owner(id=990000002, login="inkstone", name="Ink Stone", bio="Reads more than it writes.", followers=96),
        Owner(
            id=990000003,
            login="tea-house-labs",
            name="Tea House Labs",
            type="Organization",
            bio="Software brewed slowly.",
            blog="https://tea-house-labs.example",
            location="Hangzhou",
            email="labs@tea-house-labs.example",
            followers=1203,
            created_at="2019-01-21T02:00:31Z",
        ),
        Owner(id=990000004, login="open-tides", name="Open Tides", type="Organization", bio="The sea, as data."),
    )
    return World(
        account="hereisfun",
        owners={owner.login: owner for owner in owners},
        repositories=_REPOSITORIES,
        memberships={"hereisfun": ("tea-house-labs", "open-tides"), "inkstone": ("tea-house-labs",)},
        renamed={"hereisfun/tea-timer-old": 990301544120},
        issues={each.full_name: tuple(_issues(each)) for each in _REPOSITORIES if not each.archived},
    )


def _issues(repository: Repository) -> Iterator[Issue]:
    """Makes as many open issues as a repository says that it has, and half as many closed ones."""
    for number in range(1, repository.issues + repository.issues // 2 + 1):
        day = f"2026-{number % 9 + 1:02}-{number % 27 + 1:02}"
        yield Issue(
            id=repository.id * 1000 + number,
            number=number,
            title=f"{('Fix', 'Explain', 'Speed up')[number % 3]} {repository.name} on page {number}",
            author=repository.owner if number % 4 else "inkstone",
            body=f"It happens **each time** · 每次 {number}" if number % 2 else None,
            state="closed" if number % 3 == 0 else "open",
            labels=("bug", "good first issue")[: number % 3],
            comments=number % 5,
            pull=number % 6 == 0,
            created_at=f"{day}T08:00:00Z",
            updated_at=f"{day}T09:30:00Z",
        )


_REPOSITORIES = (
    Repository(
        id=990301544101,
        owner="hereisfun",
        name="abacus",
        description="A spreadsheet engine that fits in a coffee break",
        language="Python",
        stars=1874,
        forks=143,
        issues=12,
        size=4210,
        topics=("formula", "parser", "spreadsheet"),
        homepage="https://abacus.hereisfun.example",
    ),
    Repository(
        id=990301544104,
        owner="hereisfun",
        name="bamboo-grid",
        description="Responsive grids without a framework",
        language="TypeScript",
        stars=655,
        forks=48,
        issues=7,
        topics=("css", "grid"),
    ),
    Repository(
        id=990301544107,
        owner="hereisfun",
        name="cloud-diary",
        description="每天一句话的日记 · one sentence a day",
        language="Go",
        stars=238,
        forks=21,
        issues=3,
        topics=("diary", "self-hosted"),
        license="gpl-3.0",
    ),
    Repository(
        id=990301544108,
        owner="hereisfun",
        name="dotfiles",
        description=None,
        language="Shell",
        stars=14,
        license=None,
        branch="master",
        created_at="2017-11-02T21:15:09Z",
    ),
    Repository(
        id=990301544110,
        owner="hereisfun",
        name="expense-ledger",
        description="Household accounts (private)",
        language="Python",
        issues=2,
        private=True,
        license=None,
    ),
    Repository(
        id=990301544111,
        owner="hereisfun",
        name="firefly",
        description="Blinks when the build is green",
        language="Rust",
        stars=97,
        forks=6,
        topics=("ci", "hardware"),
        license="apache-2.0",
    ),
    Repository(
        id=990301544113,
        owner="hereisfun",
        name="haiku-lint",
        description="Checks commit messages for five, seven, five",
        language="JavaScript",
        stars=421,
        forks=33,
        issues=5,
        topics=("git", "linter"),
    ),
    Repository(
        id=990301544114,
        owner="hereisfun",
        name="ink-compiler",
        description="Fork with a fix for long lines",
        language="C",
        stars=3,
        fork_of="inkstone/ink-compiler",
    ),
    Repository(
        id=990301544116,
        owner="hereisfun",
        name="jade-router",
        description="An HTTP router, now part of bamboo-grid",
        language="TypeScript",
        stars=58,
        archived=True,
        pushed_at="2022-02-11T07:45:50Z",
    ),
    Repository(
        id=990301544117,
        owner="hereisfun",
        name="pack-starter",
        description="Template for new packs",
        language="Python",
        stars=32,
        forks=19,
        template=True,
        topics=("packs", "template"),
    ),
    Repository(
        id=990301544119,
        owner="hereisfun",
        name="river-map",
        description="Rivers of the world, drawn from open data",
        language="Jupyter Notebook",
        stars=306,
        forks=27,
        issues=9,
        size=88_412,
        topics=("maps", "open-data"),
        homepage="https://rivers.hereisfun.example",
    ),
    Repository(
        id=990301544120,
        owner="hereisfun",
        name="tea-timer",
        description="Three minutes, then it sings",
        language="Swift",
        stars=171,
        forks=11,
        issues=1,
    ),
    Repository(
        id=990240081112,
        owner="inkstone",
        name="ink-compiler",
        description="Compiles ink to paper",
        language="C",
        stars=2290,
        forks=210,
        issues=41,
        size=15_902,
        license="apache-2.0",
    ),
    Repository(
        id=990188120077,
        owner="tea-house-labs",
        name="kettle",
        description="Workflow engine that never boils over",
        language="Python",
        stars=5120,
        forks=402,
        issues=63,
        size=30_120,
        topics=("celery", "workflow"),
        license="apache-2.0",
    ),
    Repository(
        id=990188120081,
        owner="tea-house-labs",
        name="saucer",
        description="Small plates for big data",
        language="Scala",
        stars=610,
        forks=52,
        issues=8,
        license="apache-2.0",
    ),
    Repository(
        id=990199300410,
        owner="open-tides",
        name="tide-tables",
        description="High and low water, everywhere",
        language="Python",
        stars=844,
        forks=75,
        issues=14,
        topics=("open-data", "sea"),
        license="gpl-3.0",
    ),
)


def license_json(key: str | None, api: str) -> JsonObject | None:
    """Writes a licence as repositories carry it."""
    if key is None:
        return None
    name, spdx, node = _LICENSES[key]
    return {"key": key, "name": name, "spdx_id": spdx, "url": f"{api}/licenses/{key}", "node_id": node}
