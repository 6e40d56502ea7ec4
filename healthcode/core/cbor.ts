// CBOR (RFC 8949), read in two ways. What this project writes has only one encoding; what others
// write is read as the standard allows. Both have limits, as in healthcode/core/cbor.py.

import { type Bytes, concat, fromUtf8, Malformed, sameBytes, utf8 } from "./bytes.ts";

export type CborKey = number | bigint | string;
export type Value =
  | CborKey
  | Bytes
  | boolean
  | null
  | Float
  | Simple
  | Tag
  | Value[]
  | Map<CborKey, Value>;

/** A number written as a float: 1.0 is not 1. */
export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** A simple value that this code does not use, such as undefined (23). */
export class Simple {
  readonly number: number;
  constructor(number: number) {
    this.number = number;
  }
}

/** A tagged item; the caller decides what the tag means. */
export class Tag {
  readonly number: number | bigint;
  readonly value: Value;
  constructor(number: number | bigint, value: Value) {
    this.number = number;
    this.value = value;
  }
}

const MAX_DEPTH = 16;
const MAX_ITEMS = 1 << 16;
const MORE_BYTES = [1, 2, 4, 8];
const [INDEFINITE, BREAK] = [31, 0xff];
const NAMED = new Map<number, boolean | null>([
  [20, false],
  [21, true],
  [22, null],
]);

/**
 * Read one item in deterministic encoding (4.2.1), without tags, floats and simple values. Encoding
 * the result must give the same bytes.
 */
export function decode(data: Bytes): Value {
  const value = read(data);
  if (!sameBytes(encode(value), data)) throw new Malformed("not the one encoding");
  return value;
}

/**
 * Read one item in any encoding. No key of this format is anything else than a number or a text, so
 * other keys are skipped with their values.
 */
export function read(data: Bytes): Value {
  const reader = new CborReader(data);
  const value = reader.item(0);
  if (reader.at !== data.length) throw new Malformed("bytes after the end");
  return value;
}

export function encode(value: Value): Bytes {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") return concat(head(3, utf8(value).length), utf8(value));
  if (value instanceof Uint8Array) return concat(head(2, value.length), value);
  if (Array.isArray(value)) return concat(head(4, value.length), ...value.map(encode));
  if (!(value instanceof Map)) throw new Malformed("no number, text, bytes, list or map");
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

/** Compare two encoded keys byte by byte; a key comes before longer keys that begin with it. */
function order(one: Bytes, other: Bytes): number {
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const difference = (one[at] ?? 0) - (other[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

class CborReader {
  at = 0;
  #items = 0;
  readonly data: Bytes;

  constructor(data: Bytes) {
    this.data = data;
  }

  item(depth: number): Value {
    if (depth > MAX_DEPTH) throw new Malformed("nested too deeply");
    this.#count();
    const [first = 0] = this.take(1);
    const [major, info] = [first >> 5, first & 0x1f];
    if (major === 7) return this.#simple(info);
    if (info === INDEFINITE) return this.#indefinite(major, depth);
    const argument = this.#argument(info);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return typeof argument === "bigint" ? -1n - argument : whole(-1n - BigInt(argument));
      case 2:
        return this.take(argument);
      case 3:
        return fromUtf8(this.take(argument));
      case 4:
        return this.#list(this.#counted(argument), depth);
      case 5:
        return this.#map(this.#counted(argument), depth);
      default:
        return new Tag(argument, this.item(depth + 1));
    }
  }

  take(count: number | bigint): Bytes {
    const start = this.at;
    this.at += Number(count);
    if (this.at > this.data.length) throw new Malformed("ends too early");
    return this.data.slice(start, this.at);
  }

  #count(): void {
    this.#items += 1;
    if (this.#items > MAX_ITEMS) throw new Malformed("too many items");
  }

  #argument(info: number): number | bigint {
    if (info < 24) return info;
    const size = MORE_BYTES[info - 24];
    if (size === undefined) throw new Malformed("reserved head");
    return whole(this.take(size).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n));
  }

  *#counted(count: number | bigint): Generator<void> {
    // Each item takes at least one byte, so a larger count is false; it fails before any work.
    if (count > this.data.length - this.at) throw new Malformed("ends too early");
    for (let left = Number(count); left > 0; left--) yield;
  }

  *#untilBreak(): Generator<void> {
    while (this.take(1)[0] !== BREAK) {
      this.at -= 1;
      yield;
    }
  }

  #list(steps: Iterable<void>, depth: number): Value[] {
    return Array.from(steps, () => this.item(depth + 1));
  }

  #map(steps: Iterable<void>, depth: number): Map<CborKey, Value> {
    const result = new Map<CborKey, Value>();
    const others = new Set<string>();
    for (const _ of steps) {
      const start = this.at;
      const key = this.item(depth + 1);
      const isKnown = isKey(key);
      const other = isKnown ? "" : this.data.slice(start, this.at).join();
      if (isKnown ? result.has(key) : others.has(other)) throw new Malformed("key twice");
      const value = this.item(depth + 1);
      if (isKnown) result.set(key, value);
      else others.add(other);
    }
    return result;
  }

  #simple(info: number): Value {
    const named = NAMED.get(info);
    if (named !== undefined) return named;
    if (info >= 25 && info <= 27) return new Float(float(this.take(1 << (info - 24))));
    const [simple = 0] = info === 24 ? this.take(1) : [info];
    // A value below 32 must be in the first byte, not in a second one (RFC 8949, 3.3).
    if (info > 24 || (info === 24 && simple < 32)) throw new Malformed("reserved simple value");
    return new Simple(simple);
  }

  #indefinite(major: number, depth: number): Value {
    if (major === 4) return this.#list(this.#untilBreak(), depth);
    if (major === 5) return this.#map(this.#untilBreak(), depth);
    if (major === 2) return concat(...this.#chunks(major));
    if (major === 3) return this.#chunks(major).map(fromUtf8).join("");
    throw new Malformed("reserved head");
  }

  #chunks(major: number): Bytes[] {
    return Array.from(this.#untilBreak(), () => {
      this.#count();
      const [first = 0] = this.take(1);
      if (first >> 5 !== major) throw new Malformed("chunk of another kind");
      return this.take(this.#argument(first & 0x1f));
    });
  }
}

function isKey(item: Value): item is CborKey {
  return typeof item === "number" || typeof item === "bigint" || typeof item === "string";
}

/** Return a number where it is exact, otherwise a bigint. */
function whole(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function float(data: Bytes): number {
  const view = new DataView(data.buffer);
  if (data.length === 8) return view.getFloat64(0);
  return data.length === 4 ? view.getFloat32(0) : half(view.getUint16(0));
}

/** Read a float of 16 bits (RFC 8949, appendix D). */
function half(bits: number): number {
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  const sign = bits >> 15 === 0 ? 1 : -1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (fraction + 1024) * 2 ** (exponent - 25);
}
