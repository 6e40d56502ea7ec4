// The errors of verification, and functions for bytes, texts and numbers.

/** Input that docs/format.md and docs/trust.md do not allow. */
export class Malformed extends Error {}

/** A list that nobody entitled to it has signed, or that is not in force. */
export class NotTrusted extends Error {}

/** A trust list older than the one already held. */
export class WentBackwards extends NotTrusted {}

// Own buffers, because WebCrypto does not accept views of shared memory.
export type Bytes = Uint8Array<ArrayBuffer>;

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

export function fromUtf8(data: Bytes): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);
  } catch {
    throw new Malformed("text is not UTF-8");
  }
}

export function concat(...parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function sameBytes(one: Bytes, other: Bytes): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

export function hex(data: Bytes): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function fromHex(text: string): Bytes {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** Decode canonical base64url without padding (RFC 7515, 2). */
export function fromBase64url(text: unknown): Bytes {
  if (typeof text !== "string" || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) {
    throw new Malformed("not base64url");
  }
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  const data = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  if (toBase64url(data) !== text) throw new Malformed("not canonical base64url");
  return data;
}

export function toBase64url(data: Bytes): string {
  const base64 = btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(""));
  return base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function isUint(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffffffff;
}

/** Check that a value is a whole number of at most 32 bits; the format has no other numbers. */
export function uint(value: unknown): number {
  if (isUint(value)) return value;
  throw new Malformed("a number is missing or out of range");
}

const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** Decode Base45 (RFC 9285), upper case only. */
export function fromBase45(text: string): Bytes {
  if (text.length % 3 === 1) throw new Malformed("not Base45");
  const data: number[] = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = Array.from(text.slice(at, at + 3), (letter) => BASE45.indexOf(letter));
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    const limit = digits.length === 3 ? 0xffff : 0xff;
    if (digits.includes(-1) || value > limit) throw new Malformed("not Base45");
    if (digits.length === 3) data.push(value >> 8);
    data.push(value & 0xff);
  }
  return Uint8Array.from(data);
}

export function toBase45(data: Bytes): string {
  let text = "";
  for (let at = 0; at < data.length; at += 2) {
    const pair = data.slice(at, at + 2);
    let value = pair.reduce((sum, byte) => sum * 256 + byte, 0);
    for (let digits = pair.length + 1; digits > 0; digits--) {
      text += BASE45.charAt(value % 45);
      value = Math.floor(value / 45);
    }
  }
  return text;
}
