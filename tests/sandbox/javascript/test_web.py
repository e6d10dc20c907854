"""Packs that ask for the web's own names find them, and others do not."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from packsys.errors import BrokenPack, CallTimeout, PackRaised
from packsys.sandbox.javascript import runner
from packsys.sandbox.javascript.spec import RunFormula
from packsys.sandbox.javascript.web import WEB_NAMES
from tests.sandbox.javascript.packs import VERSION, Answers, Bench, a_bundle

HERE = Path(__file__).parent
POLYFILLS = Path(runner.__file__).with_name("web.js")
TABLE = json.loads((HERE / "urls.json").read_text("utf-8"))


def program() -> str:
    given = (f"const {name} = {json.dumps(value)};" for name, value in TABLE.items())
    return "".join(given) + (HERE / "urls.js").read_text("utf-8")


def web(bench: Bench, body: str, *, before: str = "", timeout: float = 20.0, fetcher: Any = None) -> Any:
    files = {"bundle.js": a_bundle(body, before=before), "packsys.json": b'{"web": true}'}
    return bench.sandbox.invoke(
        bench.shelf.add(files),
        VERSION,
        RunFormula("Go"),
        fetcher=fetcher or Answers(),
        timeout=timeout,
        call="Test::Go",
    )


def test_nobody_finds_them_unasked(bench: Bench) -> None:
    listed = json.dumps(["__packsysHost", *WEB_NAMES])
    assert bench.go(f"return {listed}.map(name => typeof globalThis[name])") == ["undefined"] * 13
    assert web(bench, f"return {listed}.filter(name => typeof globalThis[name] === 'undefined')") == ["__packsysHost"]


@pytest.mark.parametrize(
    "files",
    [
        {"bundle.js": a_bundle("return 1"), "packsys.json": b'{"web": true}'},
        {"pack.json": b'{"web": true, "functions": [{"name": "Go", "implementation": "return 1"}]}'},
    ],
)
def test_the_manifest_says_so(bench: Bench, files: Mapping[str, bytes]) -> None:
    assert bench.sandbox.describe(bench.shelf.add(files), VERSION, name="Test")["coda"]["web"] is True
    plain = {"bundle.js": a_bundle("return 1")}
    assert "web" not in bench.sandbox.describe(bench.shelf.add(plain), VERSION, name="Test").get("coda", {})


def test_options_that_cannot_be_read_are_told(bench: Bench) -> None:
    files = {"bundle.js": a_bundle("return 1"), "packsys.json": b"{"}
    with pytest.raises(BrokenPack, match=r"packsys\.json"):
        bench.sandbox.declared(bench.shelf.add(files), VERSION)


@pytest.mark.skipif(shutil.which("node") is None, reason="There is no node to compare with.")
def test_addresses_are_read_as_node_reads_them(bench: Bench) -> None:
    script = f"process.stdout.write((() => {{ {program()}\n }})())"
    ran = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True, timeout=60)
    theirs, ours = json.loads(ran.stdout), json.loads(web(bench, program()))
    for kind, mine, other in zip(TABLE, ours, theirs, strict=True):
        named = [*map(str, TABLE[kind])]
        assert dict(zip(named, mine, strict=True)) == dict(zip(named, other, strict=True))


def test_parameters_and_their_address_are_one(bench: Bench) -> None:
    body = """
    const url = new URL('https://example.com/?a=1');
    url.searchParams.append('b', 'x y');
    const changed = url.href;
    url.search = '?c=3';
    const {searchParams} = url;
    const other = new URLSearchParams({d: 4});
    return [changed, searchParams.get('c'), URL.canParse('x'), JSON.stringify({url}), other.get('d')];
    """
    assert web(bench, body) == [
        "https://example.com/?a=1&b=x+y",
        "3",
        False,
        '{"url":"https://example.com/?c=3"}',
        "4",
    ]


@pytest.mark.parametrize("text", ["", "a", "äöü€𝒜", "\x00\x7f", "line\nline"])
def test_text_is_encoded_and_read_again(bench: Bench, text: str) -> None:
    body = "const bytes = new TextEncoder().encode(TEXT); return [bytes, new TextDecoder().decode(bytes)]"
    assert web(bench, body.replace("TEXT", json.dumps(text))) == [text.encode(), text]


@pytest.mark.parametrize(
    "data",
    [b"\xff", b"a\xe4b", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"],
)
def test_broken_text_is_read_as_everywhere(bench: Bench, data: bytes) -> None:
    body = f"return new TextDecoder().decode(Uint8Array.from({[*data]}))"
    assert web(bench, body) == data.decode("utf-8", "replace")
    with pytest.raises(PackRaised, match="TypeError"):
        web(bench, f"return new TextDecoder('utf-8', {{fatal: true}}).decode(Uint8Array.from({[*data]}))")


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc", bytes(range(256))])
def test_base64_goes_both_ways(bench: Bench, data: bytes) -> None:
    text = base64.b64encode(data).decode()
    made, read = web(bench, f"const t = {json.dumps(data.decode('latin-1'))}; return [btoa(t), atob({text!r}) === t]")
    assert (made, read) == (text, True)


@pytest.mark.parametrize("call", ["atob('a')", "atob('a*==')", "btoa('€')", "structuredClone(() => 1)"])
def test_what_cannot_be_is_refused(bench: Bench, call: str) -> None:
    with pytest.raises(PackRaised):
        web(bench, f"return {call}")


def test_timers_fire_in_their_order_and_can_be_stopped(bench: Bench) -> None:
    body = """
    const seen = [];
    const later = (name, delay) => new Promise(done => setTimeout(given => { seen.push(given); done(); }, delay, name));
    const stopped = setTimeout(() => seen.push('never'), 1);
    clearTimeout(stopped);
    await Promise.all([later('second', 20), later('first', 1), later('third', 30)]);
    const {promise, resolve} = Promise.withResolvers();
    const ticks = setInterval(() => (seen.push('tick'), seen.length === 5 && (clearInterval(ticks), resolve())), 1);
    await promise;
    return seen;
    """
    assert web(bench, body) == ["first", "second", "third", "tick", "tick"]


def test_a_timer_holds_nobody_up(bench: Bench) -> None:
    """The call ends when its promise does, and its time ends it whatever it waits for."""
    assert web(bench, "setTimeout(() => 0, 19000); return 'done'") == "done"
    race = "return Promise.race([new Promise(done => setTimeout(done, 19000)), context.fetcher.fetch({url: '/'})])"
    assert web(bench, race)["status"] == 200
    with pytest.raises(CallTimeout):
        web(bench, "await new Promise(done => setTimeout(done, 60000))", timeout=0.5)


def test_clones_are_deep(bench: Bench) -> None:
    body = """
    const given = {list: [1, {a: new Date(5)}], map: new Map([[1, new Set([2])]]), bytes: Uint8Array.of(1, 2)};
    given.self = given;
    const made = structuredClone(given);
    return [made !== given, made.self === made, made.list[1].a.getTime(), made.map.get(1).has(2), made.bytes[1]];
    """
    assert web(bench, body) == [True, True, 5, True, 2]


def test_chance_is_drawn_anew_for_each_call(bench: Bench) -> None:
    uuids = web(bench, "return [crypto.randomUUID(), crypto.randomUUID()]") + web(bench, "return [crypto.randomUUID()]")
    assert len({*uuids}) == 3
    pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    assert all(re.fullmatch(pattern, each) for each in uuids)
    drawn = web(bench, "return [...crypto.getRandomValues(new Uint8Array(5000))]")
    assert len({*drawn}) == 256
    with pytest.raises(BrokenPack, match="no chance"):
        web(bench, "return 1", before="crypto.randomUUID();")


def test_chance_is_chacha20(bench: Bench) -> None:
    """With the key of RFC 8439, 2.3.2, and a counter and nonce of 0, against OpenSSL's."""
    cryptography = pytest.importorskip("cryptography.hazmat.primitives.ciphers")
    source = POLYFILLS.read_text("utf-8")
    key = bytes(range(32))
    cipher = cryptography.Cipher(cryptography.algorithms.ChaCha20(key, bytes(16)), None)
    stream = cipher.encryptor().update(bytes(64))
    before = f"globalThis.__packsysHost = {{wait: () => 0, onBegin: hear => hear({[*key]})}}; {source}"
    assert bench.go("return [...crypto.getRandomValues(new Uint8Array(64))]", before=before) == [*reversed(stream)]
