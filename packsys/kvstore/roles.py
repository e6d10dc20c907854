"""Makes sure that the servers which must lose nothing are set up so."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from redis import Redis
from redis.exceptions import AuthenticationError, ResponseError
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as Silent

from packsys.errors import NotReady, WrongSetUp
from packsys.kvstore.address import connect

TIMEOUT = 5.0


@dataclass(frozen=True)
class Role:
    """Is what a server is for, as it is named to people, and the setting with its address."""

    name: str
    setting: str


STATE = Role("state server", "PACKSYS_STATE_URL")
BROKER = Role("broker", "PACKSYS_BROKER_URL")


def check_state(url: str, role: Role = STATE) -> tuple[str, ...]:
    """Refuses a state server, or a broker, that would lose work, and gives what it could not check, in sentences.

    A queue is one key and all work in flight is another: a server that evicts keys when it is full drops them whole,
    and those with a time to live are not safe under ``volatile-…`` policies either, as locks and counters have one.
    Raises :class:`~packsys.errors.WrongSetUp`, and :class:`~packsys.errors.NotReady` when the server is away.
    """
    with closing(connect(url, timeout=TIMEOUT)) as client:
        try:
            return (*_check_cluster(client, role), *_check_policy(client, role))
        except AuthenticationError as error:
            raise WrongSetUp(f"The {role.name} refuses our password: set it in {role.setting}.") from error
        except (Unreachable, Silent) as error:
            raise NotReady(f"The {role.name} ({role.setting}) does not answer: start it, then try again.") from error


def _check_cluster(client: Redis, role: Role) -> tuple[str, ...]:
    try:
        section = client.info("cluster")
    except ResponseError:
        return (f"INFO is forbidden on the {role.name}: make sure yourself that it is no Redis Cluster.",)
    if section.get("cluster_enabled"):
        raise WrongSetUp(
            f"The {role.name} is a Redis Cluster, which Celery cannot use: give {role.setting} the address of a "
            "single server, or of a primary with replicas."
        )
    return ()


def _check_policy(client: Redis, role: Role) -> tuple[str, ...]:
    try:
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except ResponseError:
        return (f"CONFIG is forbidden on the {role.name}: make sure yourself that maxmemory-policy is noeviction.",)
    if policy != "noeviction":
        raise WrongSetUp(
            f"The {role.name}'s maxmemory-policy is {policy}, under which it drops queued work when it is full: set "
            "'maxmemory-policy noeviction' there, and give the cache a server of its own (PACKSYS_CACHE_URL)."
        )
    return ()
