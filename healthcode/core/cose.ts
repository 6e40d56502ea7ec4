// COSE_Sign1 (RFC 9052) and the two algorithms in use, with WebCrypto.

import { type Bytes, Malformed } from "./bytes.ts";
import { decode, encode, type Key as CborKey, type Value } from "./cbor.ts";

export const ES256 = -7;
export const EDDSA = -8;
export type Algorithm = typeof ES256 | typeof EDDSA;

const ALG = 1;
const CRIT = 2;
const SIGNATURE_BYTES = 64;

export interface Sign1 {
  headers: Map<CborKey, Value>;
  algorithm: Algorithm;
  payload: Bytes;
  signature: Bytes;
  signed: Bytes;
}

/** An untagged COSE_Sign1 with nothing in its unprotected header, its signature not verified. */
export function parse(data: Bytes): Sign1 {
  const message = decode(data);
  if (!Array.isArray(message) || message.length !== 4) throw new Malformed("no COSE_Sign1");
  const [shielded, hints, payload, signature] = message;
  if (!(shielded instanceof Uint8Array) || !(payload instanceof Uint8Array)) {
    throw new Malformed("no COSE_Sign1");
  }
  if (!(hints instanceof Map) || hints.size > 0) throw new Malformed("a header that is not signed");
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_BYTES) {
    throw new Malformed("signature is not 64 bytes");
  }
  const headers = decode(shielded);
  if (!(headers instanceof Map) || headers.has(CRIT)) throw new Malformed("header not understood");
  const algorithm = headers.get(ALG);
  if (algorithm !== ES256 && algorithm !== EDDSA) throw new Malformed("algorithm not in use");
  const signed = encode(["Signature1", shielded, new Uint8Array(), payload]);
  return { headers, algorithm, payload, signature, signed };
}

/** Whether the key made this signature, with exactly this algorithm. */
export async function holds(
  algorithm: Algorithm,
  key: CryptoKey,
  signed: Bytes,
  signature: Bytes,
): Promise<boolean> {
  const name = algorithm === ES256 ? "ECDSA" : "Ed25519";
  if (key.algorithm.name !== name || signature.length !== SIGNATURE_BYTES) return false;
  return crypto.subtle.verify({ name, hash: "SHA-256" }, key, signature, signed);
}

/** The key at a point of P-256, given as x || y. */
export async function p256Key(point: Bytes): Promise<CryptoKey> {
  const raw = new Uint8Array(point.length + 1);
  raw[0] = 4;
  raw.set(point, 1);
  try {
    return await crypto.subtle.importKey("raw", raw, { name: "ECDSA", namedCurve: "P-256" }, true, [
      "verify",
    ]);
  } catch {
    throw new Malformed("no point of P-256");
  }
}

export async function ed25519Key(point: Bytes): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey("raw", point, { name: "Ed25519" }, true, ["verify"]);
  } catch {
    throw new Malformed("no Ed25519 key, or a browser that knows none");
  }
}
