// COSE_Sign1 (RFC 9052) and the two algorithms in use, with WebCrypto.

import { type Bytes, concat, fromHex, hex, Malformed } from "./bytes.ts";
import { decode, encode, type Value, type CborKey, read, Tag } from "./cbor.ts";

export const ES256 = -7;
export const EDDSA = -8;
/** The names in JOSE of the algorithms in use. A test compares them with the core's. */
export const JOSE_NAMES = { [ES256]: "ES256", [EDDSA]: "EdDSA" } as const;
export type Algorithm = keyof typeof JOSE_NAMES;

const WEB_CRYPTO_NAMES = {
  [ES256]: "ECDSA",
  [EDDSA]: "Ed25519",
} satisfies Record<Algorithm, string>;
const ALG = 1;
const CRIT = 2;
const SIGN1_TAG = 18;
const SIGNATURE_BYTES = 64;
const S_BYTES = 32;
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

export type Headers = Map<CborKey, Value>;

export interface Sign1 {
  headers: Headers;
  /** The unsigned header, which anybody may have written. */
  hints: Headers;
  algorithm: Algorithm;
  payload: Bytes;
  signature: Bytes;
  signed: Bytes;
}

/**
 * Read an untagged COSE_Sign1 as this project writes it, without unsigned headers. This does not
 * verify its signature.
 */
export function parse(data: Bytes): Sign1 {
  const message = opened(decode(data), decode);
  if (message.hints.size > 0) throw new Malformed("a header that is not signed");
  return message;
}

/** Read a COSE_Sign1 as others write it, tagged or not. This does not verify its signature. */
export function parseForeign(data: Bytes): Sign1 {
  const message = read(data);
  const isTagged = message instanceof Tag && message.number === SIGN1_TAG;
  return opened(isTagged ? message.value : message, read);
}

function opened(message: Value, decoded: (data: Bytes) => Value): Sign1 {
  if (!Array.isArray(message) || message.length !== 4) throw new Malformed("no COSE_Sign1");
  const [shielded, hints, payload, signature] = message;
  if (!(shielded instanceof Uint8Array) || !(payload instanceof Uint8Array)) {
    throw new Malformed("no COSE_Sign1");
  }
  if (!(hints instanceof Map)) throw new Malformed("no COSE_Sign1");
  if (!(signature instanceof Uint8Array) || signature.length !== SIGNATURE_BYTES) {
    throw new Malformed("signature is not 64 bytes");
  }
  const headers = decoded(shielded);
  if (!(headers instanceof Map) || headers.has(CRIT)) throw new Malformed("header not understood");
  const algorithm = headers.get(ALG);
  if (!isInUse(algorithm)) throw new Malformed("algorithm not in use");
  const signed = encode(["Signature1", shielded, new Uint8Array(), payload]);
  return { headers, hints, algorithm, payload, signature, signed };
}

function isInUse(algorithm: Value | undefined): algorithm is Algorithm {
  return typeof algorithm === "number" && algorithm in JOSE_NAMES;
}

/**
 * Return whether an ES256 signature has the lower s. Of (r, s) and (r, n - s) only this one is in
 * use.
 */
export function isLow(signature: Bytes): boolean {
  return sOf(signature) <= P256_ORDER / 2n;
}

/** Return the signature in the form that codes and proofs carry. */
export function lowered(signature: Bytes): Bytes {
  if (isLow(signature)) return signature;
  const s = (P256_ORDER - sOf(signature)).toString(16).padStart(2 * S_BYTES, "0");
  return concat(signature.slice(0, S_BYTES), fromHex(s));
}

function sOf(signature: Bytes): bigint {
  return BigInt(`0x${hex(signature.slice(S_BYTES))}`);
}

/** Return whether the key made this signature with exactly this algorithm. */
export async function holds(
  algorithm: Algorithm,
  key: CryptoKey,
  signed: Bytes,
  signature: Bytes,
): Promise<boolean> {
  const name = WEB_CRYPTO_NAMES[algorithm];
  if (key.algorithm.name !== name || signature.length !== SIGNATURE_BYTES) return false;
  return crypto.subtle.verify({ name, hash: "SHA-256" }, key, signature, signed);
}

/** Import the public key at a point of P-256, given as x || y. */
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
