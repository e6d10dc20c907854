"""What GitHub's objects look like: the fields that people use, by GitHub's own keys."""

from __future__ import annotations

from packsys.sdk import Boolean, DateTime, Email, Image, Markdown, Number, ObjectSchema, Property, Text, Url

Owner = ObjectSchema(
    "Owner",
    id="Url",
    display="Login",
    description="Who a repository belongs to: a user or an organisation.",
    properties={
        "login": Property(Text, required=True),
        "Url": Property(Url, from_key="html_url", required=True),
        "avatar_url": Image,
        "type": Property(Text, description="User or Organization."),
    },
)

License = ObjectSchema(
    "License",
    id="Key",
    display="Name",
    properties={
        "key": Text,
        "name": Text,
        "spdx_id": Text,
    },
)

Repository = ObjectSchema(
    "Repository",
    id="Url",
    display="FullName",
    featured=["Description", "Stars", "Language", "PushedAt"],
    properties={
        "Url": Property(Url, from_key="html_url", required=True, description="The repository's page."),
        "full_name": Property(Text, required=True, description="The owner and the name, with a slash between them."),
        "name": Property(Text, required=True),
        "owner": Property(Owner, required=True),
        "description": Text,
        "private": Boolean,
        "fork": Boolean,
        "archived": Boolean,
        "language": Property(Text, description="The language that most of it is written in."),
        "topics": Text.list(),
        "license": License,
        "homepage": Url,
        "Stars": Property(Number, from_key="stargazers_count"),
        "Forks": Property(Number, from_key="forks_count"),
        "OpenIssues": Property(Number, from_key="open_issues_count", description="Open issues and pull requests."),
        "size": Property(Number, description="In kilobytes."),
        "default_branch": Text,
        "clone_url": Url,
        "created_at": DateTime,
        "updated_at": DateTime,
        "pushed_at": DateTime,
    },
)

RepositoryRow = ObjectSchema(
    "Repository",
    id="Id",
    display="FullName",
    featured=Repository.featured,
    description="A repository; it keeps its id when it is renamed or moved.",
    properties={"Id": Property(Number, from_key="id", required=True), **Repository.properties},
)

Milestone = ObjectSchema(
    "Milestone",
    id="Url",
    display="Title",
    properties={
        "Url": Property(Url, from_key="html_url", required=True),
        "title": Property(Text, required=True),
        "due_on": DateTime,
    },
)

PullRequest = ObjectSchema(
    "PullRequest",
    properties={
        "Url": Property(Url, from_key="html_url"),
        "merged_at": DateTime,
    },
)

Issue = ObjectSchema(
    "Issue",
    id="Id",
    display="Title",
    featured=["Number", "State", "Repository", "UpdatedAt"],
    description="An issue or a pull request.",
    properties={
        "Id": Property(Number, from_key="id", required=True),
        "Repository": Property(RepositoryRow.reference(), from_key="repository", required=True),
        "number": Property(Number, required=True, description="Unique within its repository."),
        "Url": Property(Url, from_key="html_url", required=True, description="The issue's page."),
        "title": Property(Text, required=True),
        "body": Markdown,
        "state": Property(Text, required=True, description="open or closed."),
        "state_reason": Property(Text, description="Why it was closed or opened again."),
        "Author": Property(Owner, from_key="user", description="Blank when the account is gone."),
        "assignees": Owner.list(),
        "labels": Text.list(),
        "milestone": Milestone,
        "comments": Property(Number, description="How many there are."),
        "locked": Boolean,
        "pull_request": Property(PullRequest, description="Blank unless it is a pull request."),
        "created_at": DateTime,
        "updated_at": DateTime,
        "closed_at": DateTime,
    },
)

User = ObjectSchema(
    "User",
    id="Url",
    display="Login",
    featured=["Name", "Bio", "Followers"],
    properties={
        "Url": Property(Url, from_key="html_url", required=True, description="The user's page."),
        "login": Property(Text, required=True),
        "name": Text,
        "avatar_url": Image,
        "bio": Text,
        "company": Text,
        "location": Text,
        "email": Property(Email, description="Blank unless it is public."),
        "blog": Url,
        "type": Property(Text, description="User or Organization."),
        "public_repos": Number,
        "followers": Number,
        "following": Number,
        "created_at": DateTime,
    },
)
