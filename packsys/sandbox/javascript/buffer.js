// Bytes as packs know them: the part of Node's Buffer that responses and blobs need. A pack's bundle may bring a
// Buffer of its own; both are Uint8Arrays and understand each other.
'use strict';
globalThis.__packsysBuffer = (function () {
  const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  const VALUES = new Map([...LETTERS].map((letter, value) => [letter, value]).concat([['-', 62], ['_', 63]]));
  const CHUNK = 8192;

  function letters(codes) {
    let text = '';
    for (let at = 0; at < codes.length; at += CHUNK) {
      text += String.fromCharCode.apply(null, codes.subarray(at, at + CHUNK));
    }
    return text;
  }

  function toBase64(bytes, url) {
    let text = '';
    for (let at = 0; at < bytes.length; at += 3) {
      const three = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
      text += LETTERS[three >> 18] + LETTERS[(three >> 12) & 63] + LETTERS[(three >> 6) & 63] + LETTERS[three & 63];
    }
    const missing = (3 - (bytes.length % 3)) % 3;
    const whole = text.slice(0, text.length - missing);
    return url ? whole.replaceAll('+', '-').replaceAll('/', '_') : whole + '='.repeat(missing);
  }

  function fromBase64(text) {
    const digits = [];
    for (const letter of text) {
      if (letter === '=') break;
      if (VALUES.has(letter)) digits.push(VALUES.get(letter));
    }
    const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
    for (let at = 0, to = 0; to < bytes.length; at += 4) {
      const three = (digits[at] << 18) | (digits[at + 1] << 12) | ((digits[at + 2] ?? 0) << 6) | (digits[at + 3] ?? 0);
      for (let shift = 16; shift >= 0 && to < bytes.length; shift -= 8) bytes[to++] = (three >> shift) & 255;
    }
    return bytes;
  }

  function toUtf8(text) {
    const escaped = encodeURIComponent(text.toWellFormed());
    const bytes = new Uint8Array(escaped.length);
    let length = 0;
    for (let at = 0; at < escaped.length; at++, length++) {
      const percent = escaped[at] === '%';
      bytes[length] = percent ? parseInt(escaped.substr(at + 1, 2), 16) : escaped.charCodeAt(at);
      if (percent) at += 2;
    }
    return bytes.slice(0, length);
  }

  // Malformed sequences become U+FFFD, one for each byte that fits nowhere.
  function fromUtf8(bytes) {
    const units = new Uint16Array(bytes.length);
    let to = 0;
    for (let at = 0; at < bytes.length; ) {
      const [point, length] = pointAt(bytes, at);
      at += length;
      if (point < 0x10000) {
        units[to++] = point;
      } else {
        units[to++] = 0xd7c0 + (point >> 10);
        units[to++] = 0xdc00 + (point & 0x3ff);
      }
    }
    return letters(units.subarray(0, to));
  }

  function pointAt(bytes, at) {
    const first = bytes[at];
    if (first < 0x80) return [first, 1];
    const more = first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 && first < 0xf0 ? 2 : first >= 0xc2 && first < 0xe0 ? 1 : 0;
    let point = first & (0x3f >> more);
    for (let next = 1; next <= more; next++) {
      if ((bytes[at + next] & 0xc0) !== 0x80) return [0xfffd, 1];
      point = (point << 6) | (bytes[at + next] & 0x3f);
    }
    const least = [0, 0x80, 0x800, 0x10000][more];
    const wrong = more === 0 || point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000);
    return wrong ? [0xfffd, 1] : [point, more + 1];
  }

  const CODINGS = {
    utf8: [toUtf8, fromUtf8],
    hex: [
      text => Uint8Array.from(text.match(/[0-9a-f]{2}/gi) ?? [], pair => parseInt(pair, 16)),
      bytes => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(''),
    ],
    base64: [fromBase64, bytes => toBase64(bytes, false)],
    base64url: [fromBase64, bytes => toBase64(bytes, true)],
    latin1: [text => Uint8Array.from(text, letter => letter.charCodeAt(0)), letters],
  };
  const OTHER_NAMES = {'utf-8': 'utf8', binary: 'latin1', ascii: 'latin1'};

  function coding(name) {
    const known = String(name ?? 'utf8').toLowerCase();
    const found = CODINGS[OTHER_NAMES[known] ?? known];
    if (!found) throw new TypeError(`Unknown encoding: ${name}`);
    return found;
  }

  class Buffer extends Uint8Array {
    static from(value, encoding) {
      if (typeof value === 'string') return Buffer.from(coding(encoding)[0](value));
      if (value instanceof ArrayBuffer) return new Buffer(value);
      const made = new Buffer(value.length);
      made.set(value);
      return made;
    }

    static alloc(size) {
      return new Buffer(size);
    }

    static isBuffer(value) {
      return value instanceof Uint8Array && value._isBuffer === true;
    }

    static byteLength(value, encoding) {
      return typeof value === 'string' ? coding(encoding)[0](value).length : value.byteLength;
    }

    static concat(list) {
      const made = new Buffer(list.reduce((size, each) => size + each.length, 0));
      list.reduce((at, each) => (made.set(each, at), at + each.length), 0);
      return made;
    }

    get _isBuffer() {
      return true;
    }

    toString(encoding, start = 0, end = this.length) {
      return coding(encoding)[1](Uint8Array.prototype.subarray.call(this, start, end));
    }

    slice(start, end) {
      return this.subarray(start, end);
    }

    equals(other) {
      return this.length === other.length && this.every((byte, at) => byte === other[at]);
    }

    toJSON() {
      return {type: 'Buffer', data: Array.from(this)};
    }
  }
  return Buffer;
})();
