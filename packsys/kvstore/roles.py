"""Makes sure that the server which must lose nothing is set up so."""

from __future__ import annotations

from contextlib import closing

from redis import Redis
from redis.exceptions import AuthenticationError, ResponseError
from redis.exceptions import ConnectionError as Unreachable
from redis.exceptions import TimeoutError as Silent

from packsys.errors import NotReady, WrongSetUp
from packsys.kvstore.address import connect

TIMEOUT = 5.0


def check_state(url: str) -> tuple[str, ...]:
    """Refuses a *state* server that would lose work, and gives what it could not check, in sentences.

    A queue is one key and all work in flight is another: a server that evicts keys when it is full drops them whole,
    and those with a time to live are not safe under ``volatile-…`` policies either, as locks and counters have one.
    Raises :class:`~packsys.errors.WrongSetUp`, and :class:`~packsys.errors.NotReady` when the server is away.
    """
    with closing(connect(url, timeout=TIMEOUT)) as client:
        try:
            return (*_check_cluster(client), *_check_policy(client))
        except AuthenticationError as error:
            raise WrongSetUp("The state server refuses our password: set it in PACKSYS_STATE_URL.") from error
        except (Unreachable, Silent) as error:
            raise NotReady("The state server (PACKSYS_STATE_URL) does not answer: start it, then try again.") from error


def _check_cluster(client: Redis) -> tuple[str, ...]:
    try:
        section = client.info("cluster")
    except ResponseError:
        return ("INFO is forbidden on the state server: make sure yourself that it is no Redis Cluster.",)
    if section.get("cluster_enabled"):
        raise WrongSetUp(
            "The state server is a Redis Cluster, which Celery cannot use: give PACKSYS_STATE_URL the address of a "
            "single server, or of a primary with replicas."
        )
    return ()


def _check_policy(client: Redis) -> tuple[str, ...]:
    try:
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    except ResponseError:
        return ("CONFIG is forbidden on the state server: make sure yourself that maxmemory-policy is noeviction.",)
    if policy != "noeviction":
        raise WrongSetUp(
            f"The state server's maxmemory-policy is {policy}, under which it drops queued work when it is full: set "
            "'maxmemory-policy noeviction' there, and give the cache a server of its own (PACKSYS_CACHE_URL)."
        )
    return ()
