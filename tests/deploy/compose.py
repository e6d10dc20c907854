"""Reads docker-compose.yml as compose would, with harmless values for what it asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<kind>:[?-])?(?P<rest>[^}]*)\}")
# A base64 key of 32 zero bytes, and passwords that say what they are.
GIVEN = {
    "POSTGRES_PASSWORD": "notsecret",
    "STATE_PASSWORD": "notsecret",
    "CACHE_PASSWORD": "notsecret",
    "PACKSYS_VAULT_KEYS": f"test:{'A' * 43}=",
    "FLOWER_BASIC_AUTH": "user:notsecret",
}


def filled(match: re.Match[str]) -> str:
    """Gives what stands for a variable: its value, else its default."""
    return GIVEN.get(match["name"], match["rest"] if match["kind"] == ":-" else "")


def fill(node: Any) -> Any:
    """Fills in the variables after YAML has been read, as compose does: an empty value is an empty text."""
    match node:
        case str():
            return VARIABLE.sub(filled, node)
        case dict():
            return {key: fill(value) for key, value in node.items()}
        case list():
            return [fill(item) for item in node]
    return node


COMPOSE: Mapping[str, Any] = fill(yaml.safe_load(TEXT))
SERVICES: Mapping[str, Mapping[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
VALKEYS = {name: service for name, service in SERVICES.items() if service["image"].startswith("valkey/")}


def words(service: Mapping[str, Any]) -> list[str]:
    """Gives a service's command as the container gets it."""
    return [str(word).replace("$$", "$") for word in service["command"]]


def check_of(service: Mapping[str, Any]) -> list[str]:
    """Gives the command of a service's health check."""
    kind, *rest = service["healthcheck"]["test"]
    rest = [str(word).replace("$$", "$") for word in rest]
    return rest if kind == "CMD" else ["sh", "-c", *rest]
