// Values that JSON has not, written as packsys.sandbox.javascript.wire reads them.
'use strict';

function decode(value) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(decode);
  if (value.$ === 'd') return new Date(value.v);
  if (value.$ === 'u') return undefined;
  if (value.$ === 'n') return Number(value.v);
  if (value.$ === 'b') return Buffer.from(value.v, 'base64');
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, decode(each)]));
}

function encode(value) {
  if (value === undefined) return {$: 'u'};
  if (typeof value === 'number' && !Number.isFinite(value)) return {$: 'n', v: String(value)};
  if (value === null || typeof value !== 'object') return value;
  if (value instanceof Date) return {$: 'd', v: value.getTime()};
  if (ArrayBuffer.isView(value)) return {$: 'b', v: Buffer.from(value).toString('base64')};
  if (value instanceof Error) return {$: 'e', v: encode({name: value.name, message: value.message, ...value})};
  if (Array.isArray(value)) return value.map(encode);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, encode(each)]));
}

module.exports = {decode, encode};
