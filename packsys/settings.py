"""Reads the settings of a process from its environment, once."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from packsys.errors import WrongSetUp

PACKS = ("packs.github",)
SHORTEST_TOKEN = 16
_PORTS = {"postgresql": 5432, "postgres": 5432, "amqp": 5672, "amqps": 5671}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Holds what differs between installations.

    ``vault_keys`` are 32-byte key-encryption keys by name, the first one seals. ``packs`` are modules, files or
    folders. ``allowed_networks`` are private networks that packs may reach: ``10.0.0.0/8``, or ``sales=10.0.0.0/8``
    for the workspace ``sales`` alone. ``public_url`` is where browsers reach the service: temporary files are addressed
    below it, and people come back to it from signing in. ``lease`` is how many seconds a worker may be silent before
    its step is given to another, ``grace`` how long work may stand still before the reconciler sends it again,
    ``attempts`` how often a step may lose its worker. ``log_format`` is ``text`` or ``json``. ``rate_limits`` are
    those of packs, as :mod:`packsys.limits.written` reads them, ``calls_at_once`` is how many calls of a workspace and
    of a pack run at once, as :mod:`packsys.limits.calls` does. ``broker_url`` is Celery's broker, where it is not the
    state server; ``dispatcher`` is ``quick``, which needs a Redis, or ``canvas``, which sends Celery chains and chords.
    ``queue_room`` calls lie before the workers, the others wait in the lane of their workspace. New jobs are refused
    while more than ``queue_depth`` calls wait, or more than the part ``state_memory`` of the state server's memory is
    used. ``metrics_token`` opens the service's page of figures, ``metrics_address`` is where workers tell theirs.
    """

    database_url: str
    state_url: str
    cache_url: str
    vault_keys: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    packs: tuple[str, ...] = PACKS
    allowed_networks: tuple[str, ...] = ()
    public_url: str = "http://127.0.0.1:8000"
    lease: float = 15.0
    grace: float = 10.0
    attempts: int = 5
    log_format: str = "text"
    rate_limits: str = ""
    calls_at_once: str = ""
    broker_url: str = ""
    dispatcher: str = "quick"
    queue_room: int = 64
    queue_depth: int = 100_000
    state_memory: float = 0.8
    metrics_token: str = field(default="", repr=False)
    metrics_address: str = ""

    @property
    def broker(self) -> str:
        """Gives the address of Celery's broker."""
        return self.broker_url or self.state_url

    @property
    def servers(self) -> tuple[tuple[str, int], ...]:
        """Lists host and port of the servers of packsys itself, which no pack may reach."""
        urls = (self.database_url, self.state_url, self.cache_url, *filter(None, [self.broker_url]))
        addresses = (urlsplit(url) for url in urls)
        return tuple(
            (address.hostname, address.port or _PORTS.get(address.scheme.partition("+")[0], 6379))
            for address in addresses
            if address.hostname
        )

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Reads ``PACKSYS_…`` variables; raises WrongSetUp with the name of what is missing or malformed."""
        return cls(
            database_url=_required(environ, "PACKSYS_DATABASE_URL"),
            state_url=_required(environ, "PACKSYS_STATE_URL"),
            cache_url=_required(environ, "PACKSYS_CACHE_URL"),
            vault_keys=vault_keys(environ.get("PACKSYS_VAULT_KEYS", "")),
            packs=_list(environ.get("PACKSYS_PACKS", "")) or PACKS,
            allowed_networks=_list(environ.get("PACKSYS_ALLOWED_NETWORKS", "")),
            public_url=_web_address(environ, "PACKSYS_PUBLIC_URL", cls.public_url),
            lease=_number(environ, "PACKSYS_LEASE", cls.lease),
            grace=_number(environ, "PACKSYS_GRACE", cls.grace),
            log_format=environ.get("PACKSYS_LOG_FORMAT", cls.log_format),
            rate_limits=environ.get("PACKSYS_RATE_LIMITS", cls.rate_limits),
            calls_at_once=environ.get("PACKSYS_CALLS_AT_ONCE", cls.calls_at_once),
            broker_url=environ.get("PACKSYS_BROKER_URL", cls.broker_url),
            queue_room=int(_number(environ, "PACKSYS_QUEUE_ROOM", cls.queue_room)),
            queue_depth=int(_number(environ, "PACKSYS_QUEUE_DEPTH", cls.queue_depth)),
            state_memory=_number(environ, "PACKSYS_STATE_MEMORY", cls.state_memory),
            dispatcher=_dispatcher(environ.get("PACKSYS_DISPATCHER") or cls.dispatcher, environ),
            metrics_token=_token(environ, "PACKSYS_METRICS_TOKEN"),
            metrics_address=_door(environ, "PACKSYS_METRICS_ADDRESS"),
        )

    def environ(self) -> dict[str, str]:
        """Writes the settings as the environment of a child process."""
        keys = ",".join(f"{name}:{base64.b64encode(key).decode()}" for name, key in self.vault_keys.items())
        return {
            "PACKSYS_DATABASE_URL": self.database_url,
            "PACKSYS_STATE_URL": self.state_url,
            "PACKSYS_CACHE_URL": self.cache_url,
            "PACKSYS_VAULT_KEYS": keys,
            "PACKSYS_PACKS": ",".join(self.packs),
            "PACKSYS_ALLOWED_NETWORKS": ",".join(self.allowed_networks),
            "PACKSYS_PUBLIC_URL": self.public_url,
            "PACKSYS_LEASE": str(self.lease),
            "PACKSYS_GRACE": str(self.grace),
            "PACKSYS_LOG_FORMAT": self.log_format,
            "PACKSYS_RATE_LIMITS": self.rate_limits,
            "PACKSYS_CALLS_AT_ONCE": self.calls_at_once,
            "PACKSYS_BROKER_URL": self.broker_url,
            "PACKSYS_DISPATCHER": self.dispatcher,
            "PACKSYS_QUEUE_ROOM": str(self.queue_room),
            "PACKSYS_QUEUE_DEPTH": str(self.queue_depth),
            "PACKSYS_STATE_MEMORY": str(self.state_memory),
            "PACKSYS_METRICS_TOKEN": self.metrics_token,
            "PACKSYS_METRICS_ADDRESS": self.metrics_address,
        }


def vault_keys(text: str) -> dict[str, bytes]:
    """Reads ``name:base64,name:base64``; every key must be 32 bytes long."""
    keys = dict(_vault_key(part, place) for place, part in enumerate(_list(text), start=1))
    if text.strip() and not keys:
        raise WrongSetUp("PACKSYS_VAULT_KEYS is set but holds no key: write it as name:base64.")
    return keys


def _vault_key(part: str, place: int) -> tuple[str, bytes]:
    name, _, encoded = part.partition(":")
    try:
        key = base64.b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if not name or len(key) != 32:
        # Nothing of it is shown: what stands where a name should be may be the key.
        raise WrongSetUp(
            f"Key {place} in PACKSYS_VAULT_KEYS is not name:base64 of 32 bytes: make one with 'packsys key vault'."
        )
    return name, key


def _required(environ: Mapping[str, str], name: str) -> str:
    if value := environ.get(name):
        return value
    raise WrongSetUp(f"{name} is not set: give it the address of the server, or use 'packsys up' to start one.")


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _dispatcher(name: str, environ: Mapping[str, str]) -> str:
    if name not in ("quick", "canvas"):
        raise WrongSetUp(f"PACKSYS_DISPATCHER is {name!r}: it is 'quick' or 'canvas'.")
    if name == "quick" and not (environ.get("PACKSYS_BROKER_URL") or "redis").startswith("redis"):
        raise WrongSetUp(
            "PACKSYS_BROKER_URL is no Redis: set PACKSYS_DISPATCHER to 'canvas', which any broker carries."
        )
    return name


def _web_address(environ: Mapping[str, str], name: str, default: str) -> str:
    address = environ.get(name) or default
    if not address.startswith(("http://", "https://")):
        raise WrongSetUp(f"{name} is {address!r}: give the address of the service, which begins with https://.")
    return address


def _token(environ: Mapping[str, str], name: str) -> str:
    token = environ.get(name, "")
    if token and not (len(token) >= SHORTEST_TOKEN and token.isascii() and token.isprintable() and " " not in token):
        raise WrongSetUp(f"{name} is no token: take {SHORTEST_TOKEN} letters and digits or more, from a random source.")
    return token


def _door(environ: Mapping[str, str], name: str) -> str:
    address = environ.get(name, "")
    host, _, port = address.rpartition(":")
    if address and not (host and port.isascii() and port.isdigit() and 0 <= int(port) < 2**16):
        raise WrongSetUp(f"{name} is {address!r}: write host:port, as 127.0.0.1:9100.")
    return address


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name, "")
    try:
        number = float(text) if text else default
    except ValueError:
        number = -1.0
    if number <= 0:
        raise WrongSetUp(f"{name} is {text!r}: it must be a number above 0.")
    return number
