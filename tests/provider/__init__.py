"""A small OAuth server that enforces the specification, on Authlib's server side."""

from tests.provider.authority import Authority, Grant, Visit
from tests.provider.server import Provider

__all__ = ["Authority", "Grant", "Provider", "Visit"]
