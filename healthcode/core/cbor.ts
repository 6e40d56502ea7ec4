// Deterministic CBOR (RFC 8949, 4.2.1), and nothing else: shortest heads, definite lengths, map
// keys in order and once, no tags, floats or simple values. What was read so has one encoding.

import { type Bytes, concat, fromUtf8, Malformed, utf8 } from "./bytes.ts";

export type Key = number | string;
export type Value = number | string | Bytes | Value[] | Map<Key, Value>;

const MAX_DEPTH = 16;
const MORE_BYTES = [1, 2, 4, 8];

/** The one item that `data` is. */
export function decode(data: Bytes): Value {
  const reader = new Reader(data);
  const value = reader.item(0);
  if (reader.at !== data.length) throw new Malformed("bytes after the end");
  return value;
}

export function encode(value: Value): Bytes {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return concat(head(3, utf8(value).length), utf8(value));
  if (value instanceof Uint8Array) return concat(head(2, value.length), value);
  if (Array.isArray(value)) return concat(head(4, value.length), ...value.map(encode));
  const pairs = [...value].map(([key, item]) => [encode(key), encode(item)] as const);
  pairs.sort(([one], [other]) => order(one, other));
  return concat(head(5, pairs.length), ...pairs.flat());
}

function head(major: number, argument: number): Bytes {
  if (argument < 24) return Uint8Array.of((major << 5) | argument);
  const info = MORE_BYTES.findIndex((size) => argument < 2 ** (8 * size));
  const size = MORE_BYTES[info];
  if (size === undefined) throw new RangeError(`${argument} does not fit a CBOR head`);
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, BigInt(argument));
  return concat(
    Uint8Array.of((major << 5) | (24 + info)),
    new Uint8Array(bytes.buffer.slice(8 - size)),
  );
}

/** Bytewise order of two encoded keys, the shorter first where it begins the longer. */
function order(one: Bytes, other: Bytes): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

class Reader {
  at = 0;
  readonly data: Bytes;

  constructor(data: Bytes) {
    this.data = data;
  }

  item(depth: number): Value {
    if (depth > MAX_DEPTH) throw new Malformed("nested too deeply");
    const first = this.take(1)[0] ?? 0;
    const argument = this.argument(first & 0x1f);
    switch (first >> 5) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.take(argument);
      case 3:
        return fromUtf8(this.take(argument));
      case 4:
        return this.list(argument, depth);
      case 5:
        return this.map(argument, depth);
      default:
        throw new Malformed("neither number, text, bytes, list nor map");
    }
  }

  take(count: number): Bytes {
    const start = this.at;
    this.at += count;
    if (this.at > this.data.length) throw new Malformed("ends too early");
    return this.data.slice(start, this.at);
  }

  argument(info: number): number {
    if (info < 24) return info;
    const size = MORE_BYTES[info - 24];
    if (size === undefined) throw new Malformed("not of definite length");
    const argument = this.take(size).reduce((sum, byte) => sum * 256 + byte, 0);
    const least = size === 1 ? 24 : 2 ** (4 * size);
    if (argument < least || argument > Number.MAX_SAFE_INTEGER) {
      throw new Malformed("number is not in its shortest form, or too large");
    }
    return argument;
  }

  list(count: number, depth: number): Value[] {
    // Each item takes a byte at least, so a larger count is a lie told before any work.
    if (count > this.data.length - this.at) throw new Malformed("ends too early");
    return Array.from({ length: count }, () => this.item(depth + 1));
  }

  map(count: number, depth: number): Map<Key, Value> {
    const result = new Map<Key, Value>();
    let before: Bytes | null = null;
    if (count > this.data.length - this.at) throw new Malformed("ends too early");
    for (let left = count; left > 0; left--) {
      const start = this.at;
      const key = this.item(depth + 1);
      const encoded = this.data.slice(start, this.at);
      if (typeof key !== "number" && typeof key !== "string") throw new Malformed("no key");
      if (before !== null && order(before, encoded) >= 0) throw new Malformed("keys out of order");
      before = encoded;
      result.set(key, this.item(depth + 1));
    }
    return result;
  }
}
