// Print what both readers of the browser make of each line of hexadecimal on standard input.

import { readFileSync } from "node:fs";

import { fromHex, hex, Malformed } from "#core/bytes.ts";
import { decode, encode, Float, read, Simple, Tag, type Value } from "#core/cbor.ts";
import { isKey } from "#core/ed25519.ts";

function told(value: Value): unknown {
  if (value instanceof Float) return { float: bits(value.value) };
  if (value instanceof Simple) return { simple: value.number };
  if (value instanceof Tag) return { tag: String(value.number), value: told(value.value) };
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (value instanceof Map) {
    return [...value].map(([key, item]) => [told(key), told(item)]);
  }
  if (Array.isArray(value)) return { list: value.map(told) };
  return typeof value === "number" || typeof value === "bigint" ? { whole: String(value) } : value;
}

function bits(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return hex(new Uint8Array(view.buffer));
}

function attempt<T>(work: () => T): T | "malformed" {
  try {
    return work();
  } catch (error) {
    if (error instanceof Malformed) return "malformed";
    throw error;
  }
}

const { items, points } = JSON.parse(readFileSync(0, "utf-8")) as {
  items: string[];
  points: string[];
};
console.log(
  JSON.stringify({
    tolerant: items.map((item) => attempt(() => told(read(fromHex(item))))),
    strict: items.map((item) => attempt(() => hex(encode(decode(fromHex(item)))))),
    points: points.map((point) => isKey(fromHex(point))),
  }),
);
