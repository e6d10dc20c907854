"""A stand-in for GitHub's REST API: real HTTP, invented data, and trouble on request."""

from tests.fakeapi.server import TOKEN, FakeGitHub, Received

__all__ = ["TOKEN", "FakeGitHub", "Received"]
