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
from tests.sandbox.javascript.packs import Answers, Bench, a_bench, answer_of
from tests.sandbox.javascript.test_hostile import HOSTILE

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
    "an async generator's constructor": "for await (const x of (async function* () {}).constructor('yield \"out\"')()) "
    "return x",
    "a constructor by Reflect": "return Reflect.construct((() => 1).constructor, ['return \"out\"'])()",
    "a constructor by a subclass": "return new (class extends (() => 1).constructor {})('return \"out\"')()",
    "a constructor of a bound function": "return (() => 1).bind(null).constructor('return \"out\"')()",
    "a constructor of a getter": "const {get} = Object.getOwnPropertyDescriptor(Map.prototype, 'size');"
    "return get.constructor('return \"out\"')()",
    "import() in a timer of promises": "return await Promise.resolve().then(() => import('module')).then(() => 'out')",
    "a module's own address": "return (await import(`data:text/javascript,export default import.meta.url`)) && 'out'",
    "frames of the thunk": "Error.stackTraceLimit = Infinity; Error.prepareStackTrace = (_, sites) => sites;"
    "const own = f => f && !String(f).includes('prepareStackTrace');"
    "return new Error().stack.some(site => own(site.getFunction())) ? 'out' : 'in'",
    "frames of the thunk by captureStackTrace": "const o = {}; Error.prepareStackTrace = (_, sites) => sites;"
    "Error.captureStackTrace(o); const own = [undefined, globalThis, module.exports.pack.formulas[0]];"
    "return o.stack.some(site => !own.includes(site.getThis())) ? 'out' : 'in'",
    "a getter of the result that looks at its caller": "return {get value() { "
    "return arguments.callee.caller ? 'out' : 'in' }}.value",
    "a result whose getter finds the host": "return {get value() { return globalThis.process ? 'out' : 'in' }}.value",
    "a result whose toJSON finds the host": "return {toJSON: k => (globalThis.process ? 'out' : 'in')}.toJSON()",
    "a reviver of JSON": "return JSON.parse('{\"a\": 1}', function () { return this.process ? 'out' : 'in' })",
    "a species of arrays": "class A extends Array { static get [Symbol.species]() { return globalThis.process } }"
    "return new A(1).map(x => x) instanceof Array ? 'in' : 'out'",
    "a thenable that is given the host's functions": "return await {then: go => go(typeof go.constructor('return 1')"
    " === 'function' ? 'out' : 'in')}",
    "a finalizer with a world of its own": "new FinalizationRegistry(() => 1).constructor.constructor('return 1')(); "
    "return 'out'",
    "a wait in another thread": "const w = Atomics.waitAsync(new Int32Array(new SharedArrayBuffer(8)), 0, 0, 5);"
    "return (await w.value) === 'timed-out' ? 'out' : 'in'",
    "a function behind the console": "return Object.getOwnPropertyNames(console).some(n => console[n]('x')?.host)"
    " ? 'out' : 'in'",
    "a map of the thunk": "const set = Map.prototype.set; let held; Map.prototype.set = function (k, v) {"
    "held ??= this; return set.call(this, k, v) }; await context.fetcher.fetch({url: '/'});"
    "const host = v => v?.constructor?.name === 'Function' && v.host;"
    "return [...(held ?? [])].some(host) ? 'out' : 'in'",
    "a second isolate": "return new Isolate() && 'out'",
    "the shell of the engine": "const names = ['d8', 'load', 'read', 'os', 'quit', 'realm', 'Realm', 'print'];"
    "return names.some(name => name in globalThis) ? 'out' : 'in'",
    "a file by its source map": "//# sourceMappingURL=file:///etc/passwd\n throw new Error('in')",
    "a proxy as the context": "return new Proxy(context, {get: (o, k) => (k === 'constructor' ? 'out' : undefined)})"
    ".constructor === 'out' && context.constructor('return this')()?.process ? 'out' : 'in'",
}


def test_there_are_enough_attempts() -> None:
    assert len(ESCAPES) + len(SPOILED) + len(LIES) + len(HOSTILE) >= 100


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
    "the maps and sets of the thunk": "Map.prototype.get = () => ({resolve() {}}); WeakMap.prototype.has = () => true;"
    "Object.prototype.seen = 1",
    "what iterates": "Array.prototype[Symbol.iterator] = function* () { yield 'forged' }; Array.prototype.seen = 1",
    "what counts as an array": "Array.isArray = () => true; Object.keys = () => []; Object.prototype.seen = 1",
    "the number of requests": "for (const url of ['/', '/']) await context.fetcher.fetch({url}); globalThis.seen = 1",
    "a promise that comes late": "Promise.resolve().then(() => Promise.resolve()).then(() => { globalThis.seen = 1 })",
    "the console": "console.log = () => 1; globalThis.console = 5; globalThis.seen = 1",
    "frozen intrinsics": "Object.freeze(Object.prototype); Object.freeze(Array.prototype); globalThis.seen = 1",
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


def test_spoiled_maps_do_not_make_an_account_look_refused(bench: Bench) -> None:
    spoiled = "WeakMap.prototype.has = () => true; WeakMap.prototype.get = () => 1;"
    forged = "throw Object.assign(new Error('no'), {name: 'StatusCodeError', statusCode: 401})"
    with pytest.raises(PackRaised):
        bench.go(f"await context.fetcher.fetch({{url: '/'}}); {spoiled} {forged}")


def test_a_second_outcome_reaches_nobody() -> None:
    """Of a pack that keeps its isolate, too: what it says after its answer ends it."""
    twice = (
        "Array.prototype.toJSON = function () { delete Array.prototype.toJSON;"
        "return [['done', 0, {ok: 1}], ['done', 0, {ok: 2}]] }; return 0"
    )
    with a_bench(warm=[1]) as bench:
        pack = bench.add(f"if (params[0]) {{ {twice} }} return 'fine'")
        assert bench.again(pack, True) == 1
        assert bench.again(pack, False) == "fine"
        assert bench.again(pack, False, account="another") == "fine"


def test_an_isolate_that_is_kept_is_kept_for_its_account() -> None:
    with a_bench(warm=[1]) as bench:
        pack = bench.add("const seen = globalThis.seen; globalThis.seen = params[0]; return seen ?? null")
        assert [bench.again(pack, n, account="ours") for n in (1, 2)] == [None, 1]
        assert bench.again(pack, 3, account="theirs") is None
        assert bench.again(pack, 4, account=None) is None
        assert bench.again(pack, 5, account="ours") == 2


def test_what_is_asked_after_the_outcome_is_not_done(bench: Bench) -> None:
    answers = Answers()
    body = "Promise.resolve().then(async () => { for (;;) await context.fetcher.fetch({url: '/late'}) }); return 'done'"
    assert bench.go(body, fetcher=answers) == "done"
    assert len(answers.requests) <= 1


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
