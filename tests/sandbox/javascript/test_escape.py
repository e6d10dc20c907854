"""Attempts to get out of the isolate, to speak for the host, or to reach the next invocation."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest

from packsys.errors import (
    ApiError,
    AuthenticationRefused,
    ForbiddenRequest,
    PackError,
    PackRaised,
    SandboxError,
    UserVisible,
)
from tests.sandbox.javascript.packs import Answers, Bench, answer_of

# Each gives 'out' when it gets through; anything else, and any error, is a wall that held.
ESCAPES = {
    "eval": "return eval('\"out\"')",
    "an indirect eval": "return (0, globalThis.eval)('\"out\"')",
    "the Function constructor": "return new Function('return \"out\"')()",
    "a function's constructor": "return (() => 1).constructor('return \"out\"')()",
    "an async function's constructor": "return await (async () => 1).constructor('return \"out\"')()",
    "a generator's constructor": "return (function* () {}).constructor('yield \"out\"')().next().value",
    "the constructor of the fetcher": "return context.fetcher.fetch.constructor('return \"out\"')()",
    "the constructor of the logger": "return console.log.constructor('return \"out\"')()",
    "the constructor of a promise's function": "return (Promise.resolve().then.constructor('return \"out\"')())",
    "a caller": "const f = function () { return f.caller ? 'out' : 'in' }; return context.fetcher.fetch.caller ?? f()",
    "the arguments of a caller": "return context.fetcher.fetch.arguments ? 'out' : 'in'",
    "this of a host function": "return (function () { return this })()?.process ? 'out' : 'in'",
    "a timer with a text": "setTimeout('globalThis.x = 1', 0); return 'out'",
    "a timer at all": "return await new Promise(go => setTimeout(() => go('out'), 1))",
    "the timers of the engine's wrapper": "return typeof __timer_manager === 'undefined' ? 'in' : 'out'",
    "import()": "await import('fs'); return 'out'",
    "import() of data": "return (await import('data:text/javascript,export default \"out\"')).default",
    "import() of a file": "await import('/etc/passwd'); return 'out'",
    "require": "return require('fs').readFileSync('/etc/passwd') && 'out'",
    "process": "return process.env && 'out'",
    "Deno": "return Deno.readTextFileSync('/etc/passwd') && 'out'",
    "fetch beside the context": "await fetch('https://example.com'); return 'out'",
    "XMLHttpRequest": "new XMLHttpRequest(); return 'out'",
    "a worker": "new Worker('data:,'); return 'out'",
    "WebAssembly": "new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])); return 'out'",
    "WebAssembly by another way": "return Object.getOwnPropertyNames(globalThis).map(name => globalThis[name])"
    ".some(each => each?.Module && each?.Instance) ? 'out' : 'in'",
    "a shadow realm": "return new ShadowRealm().evaluate('\"out\"')",
    "natives of the engine": "return %GetOptimizationStatus(() => 1)",
    "the console of the engine": "return console.context ? 'out' : 'in'",
    "the garbage collector": "gc(); return 'out'",
    "the debugger of the engine": "debugger; return typeof Debug === 'undefined' ? 'in' : 'out'",
    "a stack with the host's frames": "Error.prepareStackTrace = (_, sites) => sites;"
    "const held = site => site.getThis()?.process || site.getFunction()?.name === 'step';"
    "return new Error().stack.some(held) ? 'out' : 'in'",
    "the thunk's bytes": "return typeof __packsysBuffer === 'undefined' ? 'in' : 'out'",
    "a symbol that the host may hold": "return Object.getOwnPropertySymbols(globalThis).some(s => globalThis[s]?.step)"
    " ? 'out' : 'in'",
    "a thenable as a way to wait": "return {then: go => go(globalThis.process ? 'out' : 'in')}",
    "a proxy as the context": "return new Proxy(context, {get: (o, k) => (k === 'constructor' ? 'out' : undefined)})"
    ".constructor === 'out' && context.constructor('return this')()?.process ? 'out' : 'in'",
}


@pytest.mark.parametrize("way", ESCAPES)
def test_no_way_leads_out(bench: Bench, way: str) -> None:
    try:
        found = bench.go(ESCAPES[way], timeout=3.0)
    except PackError:
        found = "in"
    assert found != "out"
    assert bench.go("return 'on'") == "on"


# What a pack may spoil for itself, in its own isolate, and must not find spoiled the next time.
SPOILED = {
    "a global": "globalThis.seen = 1",
    "the prototype of objects": "Object.prototype.seen = 1",
    "the prototype of arrays": "Array.prototype.seen = 1; Array.prototype.map = () => ['x']",
    "the prototype of promises": "Promise.prototype.then = function () { return this }; Promise.prototype.seen = 1",
    "JSON": 'JSON.stringify = () => \'[["done",0,{"ok":"forged"}]]\'; JSON.seen = 1',
    "the pack itself": "module.exports.pack.formulas[0].execute = () => 'forged'; globalThis.seen = 1",
    "the prototype of functions": "Function.prototype.call = () => 'forged'; Function.prototype.seen = 1",
    "__proto__": "({}).__proto__.seen = 1",
}


@pytest.mark.parametrize("what", SPOILED)
def test_nothing_that_is_spoiled_reaches_the_next_invocation(bench: Bench, what: str) -> None:
    look = "return [typeof seen, {}.seen, [].seen, Promise.resolve().seen, JSON.seen, (() => 1).seen].join()"
    pack = bench.add(f"if (params[0]) {{ {SPOILED[what]} }} {look}")
    clean = bench.again(pack, False)
    with suppress(PackError):  # a pack that spoils its own world may well fail in it
        bench.again(pack, True, timeout=3.0)
    assert bench.again(pack, False) == clean == "undefined,,,,,"


# The pack writes the frames itself, as one that got hold of the thunk's innards could.
LIES: dict[str, Any] = {
    "no list": {"done": 1},
    "a text": "done",
    "a message that is too short": [["done"]],
    "a message without a name": [[1, 2, 3]],
    "two outcomes in one": [["done", 0, {"ok": 1, "error": {}}]],
    "no outcome in one": [["done", 0, {}]],
    "an outcome that is a list": [["done", 0, []]],
    "an error that is a text": [["done", 0, {"error": "no"}]],
    "an unknown tag": [["done", 0, {"ok": {"$": "exec", "v": "x"}}]],
    "a tag that is a list": [["done", 0, {"ok": {"$": []}}]],
    "bytes that are none": [["done", 0, {"ok": {"$": "b", "v": 5}}]],
    "a number that is none": [["done", 0, {"ok": {"$": "n", "v": "1e999"}}]],
    "a BigInt that is none": [["done", 0, {"ok": {"$": "i", "v": "9" * 1000}}]],
    "a set that is none": [["done", 0, {"ok": {"$": "s", "v": 1}}]],
    "an object that is none": [["done", 0, {"ok": {"$": "o", "v": 1}}]],
    "a request without a number": [["fetch", "1", {}]],
    "a request with a negative number": [["fetch", -1, {}]],
    "a request whose number is true": [["fetch", True, {}]],
}


@pytest.mark.parametrize("lie", LIES)
def test_a_frame_that_no_pack_sends_ends_the_call(bench: Bench, lie: str) -> None:
    frame = json.dumps(json.dumps(LIES[lie]))
    with pytest.raises(SandboxError) as caught:
        bench.go(_forge(frame))
    assert caught.value.limit == "protocol"
    assert bench.go("return 'on'") == "on"


def _forge(frame: str) -> str:
    """Writes a body that makes the thunk's list of messages appear as something else when it is written."""
    return f"""
    const forged = JSON.parse({frame});
    Array.prototype.toJSON = function () {{ delete Array.prototype.toJSON; return forged; }};
    return 1;"""


def test_a_pack_cannot_make_an_account_look_refused(bench: Bench) -> None:
    forged = "throw Object.assign(new Error('no'), {name: 'StatusCodeError', statusCode: 401, request: 1})"
    with pytest.raises(PackRaised):
        bench.go(forged)
    with pytest.raises(PackRaised):
        bench.go(f"await context.fetcher.fetch({{url: '/'}}); {forged}")


def test_what_the_service_really_answered_is_told(bench: Bench) -> None:
    with pytest.raises(AuthenticationRefused):
        bench.go("return (await context.fetcher.fetch({url: '/'})).body", fetcher=Answers(answer_of({}, status=401)))
    with pytest.raises(ApiError):
        bench.go("await context.fetcher.fetch({url: '/'})", fetcher=Answers(answer_of({}, status=404)))


def test_an_address_out_of_reach_stays_the_hosts_error(bench: Bench) -> None:
    with pytest.raises(ForbiddenRequest, match="Not there"):
        bench.go("await context.fetcher.fetch({url: '/'})", fetcher=Answers(ForbiddenRequest("Not there.")))


def test_a_message_for_the_user_is_cut_and_shown(bench: Bench) -> None:
    with pytest.raises(UserVisible) as caught:
        bench.go("throw Object.assign(new Error('x'.repeat(10000)), {isUserVisible: true})")
    assert len(caught.value.message) == 500


@pytest.mark.parametrize(
    "request_",
    [
        "5",
        "null",
        "{}",
        "{url: 5}",
        "{url: '/', method: {}}",
        "{url: '/', headers: 'x'}",
        "{url: '/', headers: {a: {}}}",
        "{url: '/', body: {}}",
        "{url: '/', form: 'a=1'}",
        "{url: '/', form: [1]}",
    ],
)
def test_a_request_that_makes_no_sense_is_refused_and_not_sent(bench: Bench, request_: str) -> None:
    answers = Answers()
    with pytest.raises(PackError):
        bench.go(f"await context.fetcher.fetch({request_})", fetcher=answers)
    assert answers.requests == []
