// Read keys and trust lists: docs/trust.md, sections 1 and 2.

import {
  type Bytes,
  concat,
  fromBase64url,
  fromHex,
  hex,
  isUint,
  Malformed,
  NotTrusted,
  toBase64url,
  uint,
  utf8,
  WentBackwards,
} from "./bytes.ts";
import { ADDRESS, COLOURS, type Colour, ISSUER, KID_BYTES } from "./codes.ts";
import { type Algorithm, ed25519Key, EDDSA, ES256, holds, JOSE_NAMES, p256Key } from "./cose.ts";
import { isKey } from "./ed25519.ts";
import { parseJson } from "./json.ts";

export const OUTCOMES = ["pass", "caution", "refuse"] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type Outcomes = Partial<Record<Colour, Outcome>>;

/** A public key and the period, in seconds since 1970, in which its signatures count. */
export interface Key {
  kid: Bytes;
  algorithm: Algorithm;
  key: CryptoKey;
  notBefore: number;
  notAfter: number | null;
}

export interface Issuer {
  name: string;
  keys: Key[];
  honours: Outcomes;
  statusLists: string[];
}

/** The issuers by name. Do not rely on them from `expiresAt` on. */
export interface Trust {
  issuers: Map<string, Issuer>;
  asOf: number;
  expiresAt: number | null;
  sequence: number;
}

export type Json = Record<string, unknown>;

const TYP = "health-code-trust+jws";
const MAX_BYTES = 1 << 20;
const MAX_KEYS = 64;
const MAX_ISSUERS = 256;
const CLOCK_LEEWAY_SECONDS = 60;
const POINT_BYTES = 32;
// SubjectPublicKeyInfo, up to the point.
const P256_SPKI = fromHex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
const ED25519_SPKI = fromHex("302a300506032b6570032100");

/** Read the trust from a list, if a key of the alliance in force at `at` has signed it. */
export async function parseTrustList(
  token: string,
  alliance: Key[],
  at: number,
  held: Trust | null = null,
): Promise<Trust> {
  const message = readSigned(token, TYP);
  const trust = await readTrust(message.content);
  const genuine = await isSigned(message, alliance, trust.asOf, at);
  if (!genuine) throw new NotTrusted("no key of the alliance that is in force has signed it");
  if (trust.asOf > at + CLOCK_LEEWAY_SECONDS) throw new NotTrusted("not yet valid");
  if (held !== null && precedes(trust, held)) throw new WentBackwards("an older list");
  return trust;
}

/** A compact JWS over JSON (RFC 7515), without verified signature. */
export interface SignedJson {
  header: Json;
  content: unknown;
  signed: Bytes;
  signature: Bytes;
}

export function readSigned(token: string, typ: string): SignedJson {
  if (token.length > MAX_BYTES) throw new Malformed("too large");
  // A byte order mark is not a blank, but trim() would remove it.
  const parts = token.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "").split(".");
  const [head, body, tail] = parts;
  if (parts.length !== 3 || head === undefined || body === undefined || tail === undefined) {
    throw new Malformed("not a compact JWS");
  }
  const header = members(parseJson(fromBase64url(head)), ["alg", "kid", "typ"], []);
  const { alg, kid } = header;
  if (header["typ"] !== typ) throw new Malformed(`not ${typ}`);
  if (typeof alg !== "string" || typeof kid !== "string") throw new Malformed("no key is named");
  const content = parseJson(fromBase64url(body));
  return { header, content, signed: utf8(`${head}.${body}`), signature: fromBase64url(tail) };
}

/** Return whether one of `keys` signed it, in force both when it was made and at `at`. */
export async function isSigned(
  { header, signed, signature }: SignedJson,
  keys: Key[],
  madeAt: number,
  at: number,
): Promise<boolean> {
  const named = keys.filter(
    (key) =>
      toBase64url(key.kid) === header["kid"] &&
      jose(key.algorithm) === header["alg"] &&
      inForce(key, madeAt, at),
  );
  return anyHolds(named, signed, signature);
}

/** Read the keys of a JWK set; it skips key types that are not in use. */
export async function parseJwkSet(document: unknown): Promise<Key[]> {
  const { keys } = members(document, ["keys"], []);
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new Malformed("not a JWK set");
  const parsed = await Promise.all(keys.map(parseJwk));
  return parsed.filter((key) => key !== null);
}

export function inForce(key: Key, issuedAt: number, at: number): boolean {
  return key.notBefore <= issuedAt && (key.notAfter === null || at < key.notAfter);
}

export async function anyHolds(keys: Key[], signed: Bytes, signature: Bytes): Promise<boolean> {
  for (const { algorithm, key } of keys) {
    if (await holds(algorithm, key, signed, signature)) return true;
  }
  return false;
}

function precedes(one: Trust, other: Trust): boolean {
  if (one.sequence !== other.sequence) return one.sequence < other.sequence;
  return one.asOf < other.asOf;
}

async function readTrust(document: unknown): Promise<Trust> {
  const list = extensible(document, ["sequence", "iat", "exp", "issuers"], []);
  const entries = list["issuers"];
  if (!Array.isArray(entries) || entries.length > MAX_ISSUERS) throw new Malformed("issuers");
  const issuers = await Promise.all(entries.map(readIssuer));
  const byName = new Map(issuers.map((issuer) => [issuer.name, issuer]));
  if (byName.size !== issuers.length) throw new Malformed("an issuer is listed twice");
  const [asOf, expiresAt] = [uint(list["iat"]), uint(list["exp"])];
  if (asOf >= expiresAt) throw new Malformed("exp is not after iat");
  return { issuers: byName, asOf, expiresAt, sequence: uint(list["sequence"]) };
}

const MEMBERS = ["issuer", "title", "contact", "keys", "status_lists", "honours"];

async function readIssuer(document: unknown): Promise<Issuer> {
  const entry = extensible(document, MEMBERS, []);
  const { issuer: name, title, contact, status_lists: lists } = entry;
  if (typeof name !== "string" || !ISSUER.test(name)) throw new Malformed("issuer");
  if (typeof title !== "string" || typeof contact !== "string") throw new Malformed("no text");
  const isAddress = (address: unknown) => typeof address === "string" && ADDRESS.test(address);
  if (!Array.isArray(lists) || !lists.every(isAddress)) throw new Malformed("status lists");
  const keys = await parseJwkSet({ keys: entry["keys"] });
  return { name, keys, honours: readOutcomes(entry["honours"]), statusLists: lists };
}

/** Read outcomes by colour, from trust lists or rules. */
export function readOutcomes(document: unknown): Outcomes {
  const entry = members(document, [], [...COLOURS]);
  const known: readonly unknown[] = OUTCOMES;
  if (!Object.values(entry).every((outcome) => known.includes(outcome))) {
    throw new Malformed("an outcome is pass, caution or refuse");
  }
  return entry as Outcomes;
}

async function parseJwk(document: unknown): Promise<Key | null> {
  if (!isObject(document)) throw new Malformed("a key is not an object");
  if ("d" in document) throw new Malformed("a private key among public ones");
  const { kty, crv = "", use = "sig" } = document;
  if (typeof kty !== "string" || typeof crv !== "string") throw new Malformed("of no kind");
  const found = await publicKey(document);
  if (found === null) return null;
  if (use !== "sig") throw new Malformed("a key that is not for signatures");
  const { key, algorithm, spki } = found;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", spki));
  const kid = digest.slice(0, KID_BYTES);
  if (hex(fromBase64url(document["kid"])) !== hex(kid)) throw new Malformed("kid is not the key's");
  const { alg = jose(algorithm), nbf = 0, exp } = document;
  if (alg !== jose(algorithm)) throw new Malformed("alg");
  return { kid, algorithm, key, notBefore: uint(nbf), notAfter: exp === undefined ? null : uint(exp) };
}

async function publicKey(
  jwk: Json,
): Promise<{ key: CryptoKey; algorithm: Algorithm; spki: Bytes } | null> {
  switch (`${jwk["kty"]} ${jwk["crv"]}`) {
    case "EC P-256": {
      const point = concat(coordinate(jwk["x"]), coordinate(jwk["y"]));
      return { key: await p256Key(point), algorithm: ES256, spki: concat(P256_SPKI, point) };
    }
    case "OKP Ed25519": {
      const point = coordinate(jwk["x"]);
      if (!isKey(point)) throw new Malformed("key is a point of its curve that proves nothing");
      return { key: await ed25519Key(point), algorithm: EDDSA, spki: concat(ED25519_SPKI, point) };
    }
    default:
      return null;
  }
}

function coordinate(text: unknown): Bytes {
  const data = fromBase64url(text);
  if (data.length !== POINT_BYTES) throw new Malformed("coordinate is not 32 bytes");
  return data;
}

function jose(algorithm: Algorithm): string {
  return JOSE_NAMES[algorithm];
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function members(value: unknown, needed: string[], allowed: string[]): Json {
  if (!isObject(value)) throw new Malformed("not a JSON object");
  const names = Object.keys(value);
  if (!needed.every((name) => names.includes(name))) throw new Malformed("a member is missing");
  if (names.some((name) => !needed.includes(name) && !allowed.includes(name))) {
    throw new Malformed("a member is not known");
  }
  return value;
}

/**
 * Check members as `members` does, and allow `optional`, whose content a verifier may skip:
 * docs/format.md, section 9.
 */
export function extensible(value: unknown, needed: string[], allowed: string[]): Json {
  const found = members(value, needed, [...allowed, "optional"]);
  const { optional = {} } = found;
  if (!isObject(optional) || !Object.values(optional).every(mayBePassedOver)) {
    throw new Malformed("optional has content that a verifier may not skip");
  }
  return found;
}

function mayBePassedOver(value: unknown): boolean {
  return isObject(value) ? Object.values(value).every(isPlainOrList) : isPlainOrList(value);
}

function isPlainOrList(value: unknown): boolean {
  return Array.isArray(value) ? value.every(isPlain) : isPlain(value);
}

function isPlain(value: unknown): boolean {
  return typeof value === "string" || typeof value === "boolean" || isUint(value);
}

export function whole(value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Malformed("not a whole number");
}
