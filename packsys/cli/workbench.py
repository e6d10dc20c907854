"""A maker's bench: one pack, wired to this process alone. There are no servers, and nothing is kept."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace

from packsys.adapters import bench_egress, load_packs, new_id, now
from packsys.connections.vault import Secret, Vault
from packsys.connections.vaulted import Unrefreshed, VaultCredentials
from packsys.language.compile import Compiler
from packsys.memory import MemoryBlobs, MemoryConnections, MemoryResults
from packsys.memory.egress import ClosedEgress
from packsys.model import Connection, Submission
from packsys.ports import Egress
from packsys.runtime.connect import Connect, NewConnection
from packsys.runtime.inquire import Inquire
from packsys.runtime.local import LocalCall, RunLocally
from packsys.runtime.scope import Compile
from packsys.runtime.submit import checked
from packsys.runtime.surround import Surround
from packsys.sandbox.inprocess import InProcessPacks
from packsys.sdk import Pack
from packsys.values import Value

_NOWHERE = "https://kept.invalid"  # the addresses of kept files lead nowhere: they end with the process


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Is a pack on the bench, with what runs it; ``connection`` is its account ``me``, if there is one."""

    pack: Pack
    connection: Connection | None
    inquire: Inquire
    compile: Compile
    call: LocalCall

    def evaluate(self, submission: Submission) -> Value:
        """Walks a formula to its value; raises FormulaError and RequestError."""
        asked = checked(submission)
        tree = self.compile(asked).tree
        call = replace(self.call, timezone=asked.timezone, locale=asked.locale)
        return RunLocally(call=call, now=now, timezone=asked.timezone, locale=asked.locale)(tree, asked.variables).value


def workbench(
    place: str, *, token: str | None = None, endpoint: str = "", allowed_networks: tuple[str, ...] = ()
) -> Bench:
    """Puts the pack of a file or folder on the bench.

    With a token or an endpoint, it uses an account named ``me``. Raises BrokenPack and RequestError.
    """
    [pack] = load_packs((place,))
    packs, connections = InProcessPacks([pack]), MemoryConnections()
    vault = Vault({"bench": secrets.token_bytes(32)}, current="bench")
    connect = Connect(packs=packs, connections=connections, vault=vault, new_id=new_id)
    account = NewConnection(pack_id=pack.id, name="me", token=Secret(token or "-"), endpoint=endpoint)
    connection = connect(account) if token or endpoint else None
    credentials = VaultCredentials(vault, connections, Unrefreshed())
    egress: Egress = bench_egress(credentials, allowed_networks) if pack.domains or endpoint else ClosedEgress()
    blobs = MemoryBlobs(now=now, base=_NOWHERE)
    surround = Surround(connections=connections, egress=egress, cache=MemoryResults(now), blobs=blobs)
    return Bench(
        pack=pack,
        connection=connection,
        inquire=Inquire(packs=packs, runner=packs, surround=surround),
        compile=Compile(compiler=Compiler(), packs=packs, connections=connections),
        call=LocalCall(packs=packs, runner=packs, surround=surround),
    )
