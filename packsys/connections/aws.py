"""Signs requests to Amazon's services with botocore's own signer (Signature Version 4)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from packsys.connections.credential import Outgoing
from packsys.connections.libraries import library
from packsys.connections.secret import Secret
from packsys.errors import ForbiddenRequest

HEADERS = frozenset({"authorization", "date", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"})
"""What the signer sets, and so packs may not."""

_REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-[0-9])\.amazonaws\.com(?:\.cn)?")
_HOME = "us-east-1"  # where the services live whose address names no region


@dataclass(frozen=True, kw_only=True)
class Key:
    """Is an access key; a temporary one has a session token."""

    id: str
    secret: Secret = field(repr=False)
    token: Secret | None = field(default=None, repr=False)


def signed(outgoing: Outgoing, key: Key, *, service: str, region: str = "") -> Outgoing:
    """Signs the method, the address, the headers and the body; an address that is changed later is refused by AWS.

    Without ``region`` it is that of the address, as in ``sqs.eu-north-1.amazonaws.com``.
    """
    request = library("botocore.awsrequest", extra="aws").AWSRequest(
        method=outgoing.method, url=outgoing.url, headers=dict(outgoing.headers), data=outgoing.body or b""
    )
    auth = library("botocore.auth", extra="aws")
    sign = auth.S3SigV4Auth if service == "s3" else auth.SigV4Auth
    sign(_credentials(key), service, region or region_of(outgoing.url)).add_auth(request)
    return replace(outgoing, headers=dict(request.headers.items()))


def region_of(url: str) -> str:
    """Reads the region off an address."""
    found = _REGION.search(f".{urlsplit(url).hostname}")
    return found[1] if found else _HOME


def _credentials(key: Key) -> object:
    for part in (key.id, key.secret.reveal(), key.token.reveal() if key.token else "-"):
        if not part.isascii() or not part.isprintable() or " " in part:
            raise ForbiddenRequest("The account's AWS key holds signs that no key has: connect the account again.")
    made: object = library("botocore.credentials", extra="aws").Credentials(
        key.id, key.secret.reveal(), key.token.reveal() if key.token else None
    )
    return made
