// What browsers have and isolates of the Coda SDK have not, for packs that ask for it: timers, text, clones, chance.
(function () {
  'use strict';
  const {wait, onBegin} = globalThis.__packsysHost;
  delete globalThis.__packsysHost;

  // ---- timers: the host waits, and wakes the isolate

  const timers = new Map();
  let [count, soonest] = [0, Infinity];

  function start(work, delay, values, every) {
    if (typeof work !== 'function') throw new TypeError('A timer needs a function.');
    const after = Math.max(0, Math.trunc(Number(delay)) || 0);
    timers.set(++count, {at: Date.now() + after, work, values, every: every ? Math.max(1, after) : 0});
    arm();
    return count;
  }

  function arm() {
    const next = Math.min(Infinity, ...[...timers.values()].map(each => each.at));
    if (next >= soonest) return;
    soonest = next;
    wait(Math.max(0, next - Date.now())).then(fire, () => {});
  }

  async function fire() {
    soonest = Infinity;
    const due = [...timers].filter(([, each]) => each.at <= Date.now()).sort(([, one], [, other]) => one.at - other.at);
    for (const [id, timer] of due) await run(id, timer);
    arm();
  }

  async function run(id, timer) {
    if (!timers.has(id)) return;
    if (timer.every) timer.at = Date.now() + timer.every;
    else timers.delete(id);
    try {
      timer.work(...timer.values);
    } catch (error) {
      console.error(`${error}`);
    }
  }

  const setTimeout = (work, delay, ...values) => start(work, delay, values, false);
  const setInterval = (work, delay, ...values) => start(work, delay, values, true);
  const clearTimeout = id => void timers.delete(Number(id));

  // ---- text (https://encoding.spec.whatwg.org), UTF-8 alone

  class TextEncoder {
    get encoding() {
      return 'utf-8';
    }

    encode(text = '') {
      return Uint8Array.from(Buffer.from(`${text}`));
    }

    encodeInto(text, target) {
      let [read, written] = [0, 0];
      for (const sign of `${text}`) {
        const bytes = this.encode(sign);
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        [read, written] = [read + sign.length, written + bytes.length];
      }
      return {read, written};
    }
  }

  class TextDecoder {
    #fatal;
    #keepsMark;

    constructor(label = 'utf-8', {fatal = false, ignoreBOM = false} = {}) {
      if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) throw new RangeError(`Only UTF-8 is decoded here, not ${label}.`);
      [this.#fatal, this.#keepsMark] = [Boolean(fatal), Boolean(ignoreBOM)];
    }

    get encoding() {
      return 'utf-8';
    }

    get fatal() {
      return this.#fatal;
    }

    get ignoreBOM() {
      return this.#keepsMark;
    }

    decode(given = new Uint8Array(), {stream = false} = {}) {
      if (stream) throw new TypeError('Text is decoded whole here: collect its bytes first.');
      const bytes = ArrayBuffer.isView(given) ? new Uint8Array(given.buffer, given.byteOffset, given.byteLength) : new Uint8Array(given);
      const text = this.#signs(bytes);
      return !this.#keepsMark && text.startsWith('\ufeff') ? text.slice(1) : text;
    }

    #signs(bytes) {
      const parts = [];
      for (let at = 0; at < bytes.length; ) {
        const [sign, length] = signAt(bytes, at);
        if (sign === null && this.#fatal) throw new TypeError('The bytes are no UTF-8.');
        parts.push(sign ?? '\ufffd');
        at += length;
      }
      return parts.join('');
    }
  }

  // Gives the sign and how many bytes it takes; null for as many bytes as could have begun one (Unicode, 3.9).
  function signAt(bytes, at) {
    const first = bytes[at];
    if (first < 0x80) return [String.fromCharCode(first), 1];
    const more = first >= 0xf0 && first <= 0xf4 ? 3 : first >= 0xe0 && first <= 0xef ? 2 : first >= 0xc2 && first <= 0xdf ? 1 : 0;
    let [least, most] = [{0xe0: 0xa0, 0xf0: 0x90}[first] ?? 0x80, {0xed: 0x9f, 0xf4: 0x8f}[first] ?? 0xbf];
    let point = first & (0x3f >> more);
    for (let next = 1; next <= more; next++) {
      const byte = bytes[at + next];
      if (!(byte >= least && byte <= most)) return [null, next];
      point = (point << 6) | (byte & 0x3f);
      [least, most] = [0x80, 0xbf];
    }
    return more ? [String.fromCodePoint(point), more + 1] : [null, 1];
  }

  function btoa(text) {
    const codes = Array.from(`${text}`, sign => sign.charCodeAt(0));
    if (/[^\0-\xff]/.test(`${text}`)) throw wrong('InvalidCharacterError', 'Only signs up to U+00FF are encoded.');
    return Buffer.from(Uint8Array.from(codes)).toString('base64');
  }

  function atob(text) {
    const plain = `${text}`.replace(/[\t\n\f\r ]/g, '');
    const body = plain.length % 4 === 0 ? plain.replace(/==?$/, '') : plain;
    if (body.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(body)) throw wrong('InvalidCharacterError', 'The text is no base64.');
    return Buffer.from(body, 'base64').toString('latin1');
  }

  function wrong(name, message) {
    return Object.assign(new Error(message), {name});
  }

  // ---- clones

  function structuredClone(value, _, seen = new Map()) {
    if (typeof value === 'function' || typeof value === 'symbol') throw wrong('DataCloneError', `${String(value)} could not be cloned.`);
    if (value === null || typeof value !== 'object') return value;
    if (seen.has(value)) return seen.get(value);
    const made = shell(value);
    seen.set(value, made);
    const inner = each => structuredClone(each, undefined, seen);
    if (value instanceof Map) for (const [key, each] of value) made.set(inner(key), inner(each));
    else if (value instanceof Set) for (const each of value) made.add(inner(each));
    else if (Array.isArray(value) || made.constructor === Object) for (const key of Object.keys(value)) made[key] = inner(value[key]);
    return made;
  }

  function shell(value) {
    if (Array.isArray(value)) return Array(value.length);
    if (value instanceof Date) return new Date(value);
    if (value instanceof RegExp) return new RegExp(value.source, value.flags);
    if (value instanceof Map) return new Map();
    if (value instanceof Set) return new Set();
    if (value instanceof Error) return Object.assign(new Error(value.message), {name: value.name, stack: value.stack});
    if (value instanceof ArrayBuffer) return value.slice(0);
    if (ArrayBuffer.isView(value)) return new (value instanceof Buffer ? Uint8Array : value.constructor)(value);
    if (value instanceof Promise || value instanceof WeakMap) throw wrong('DataCloneError', 'It could not be cloned.');
    return {};
  }

  // ---- chance: ChaCha20 (RFC 8439) with a key that the host draws for each call

  let key = null;
  let [block, left] = [0, []];
  onBegin(entropy => {
    key = entropy;
    [block, left] = [0, []];
  });

  function quarter(state, a, b, c, d) {
    for (const [to, by, turned, turn] of [[a, b, d, 16], [c, d, b, 12], [a, b, d, 8], [c, d, b, 7]]) {
      state[to] = (state[to] + state[by]) | 0;
      const mixed = state[turned] ^ state[to];
      state[turned] = (mixed << turn) | (mixed >>> (32 - turn));
    }
  }

  function more() {
    if (!key) throw new Error('There is no chance while a pack is loaded: draw when a formula runs.');
    const words = new Uint32Array(Uint8Array.from(key).buffer);
    const begin = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...words, block++, 0, 0, 0);
    const state = Int32Array.from(begin);
    for (let round = 0; round < 10; round++) {
      for (let at = 0; at < 4; at++) quarter(state, at, at + 4, at + 8, at + 12);
      for (let at = 0; at < 4; at++) quarter(state, at, 4 + ((at + 1) % 4), 8 + ((at + 2) % 4), 12 + ((at + 3) % 4));
    }
    left = [...new Uint8Array(state.map((word, at) => word + begin[at]).buffer)];
  }

  function getRandomValues(target) {
    if (!ArrayBuffer.isView(target) || target instanceof Float32Array || target instanceof Float64Array || target instanceof DataView) {
      throw wrong('TypeMismatchError', 'Chance fills arrays of whole numbers.');
    }
    if (target.byteLength > 65536) throw wrong('QuotaExceededError', 'Chance fills 65536 bytes at once.');
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    for (let at = 0; at < bytes.length; at++) {
      if (!left.length) more();
      bytes[at] = left.pop();
    }
    return target;
  }

  function randomUUID() {
    const bytes = getRandomValues(new Uint8Array(16));
    [bytes[6], bytes[8]] = [(bytes[6] & 0x0f) | 0x40, (bytes[8] & 0x3f) | 0x80];
    const digits = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
    return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
  }

  const crypto = Object.freeze({getRandomValues, randomUUID});
  const all = {setTimeout, setInterval, clearTimeout, clearInterval: clearTimeout, TextEncoder, TextDecoder, atob, btoa};
  for (const [name, value] of Object.entries({...all, structuredClone: value => structuredClone(value), crypto})) {
    Object.defineProperty(globalThis, name, {value, writable: true, configurable: true});
  }
})();
