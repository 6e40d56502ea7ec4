// Read codes: docs/format.md, sections 1 to 4. Believe nothing here before it has been verified.

import { type Bytes, concat, fromBase45, Malformed, uint, utf8 } from "./bytes.ts";
import { decode, type CborKey, type Value } from "./cbor.ts";
import { type Algorithm, ES256, isLow, parse, type Sign1 } from "./cose.ts";

const [CODE, SHOWN, CERTIFICATE] = ["JK1:", "JK2:", "HC1:"] as const;
/** The prefixes of the schemes. The last is that of EU certificates, which have no colour. */
export const SCHEMES = [CODE, SHOWN, CERTIFICATE] as const;
export const COLOURS = ["green", "yellow", "red"] as const;
export const KINDS = ["live", "paper"] as const;
export type Colour = (typeof COLOURS)[number];
export type Kind = (typeof KINDS)[number];

/** What a code says, under the names of the HTTP interface; times in seconds since 1970. */
export type HealthCode = Omit<Said<typeof CLAIMS>, "phone_key"> &
  Said<typeof STATEMENT> & { bound: boolean };

export interface Proof {
  madeAt: number;
  signature: Bytes;
  signed: Bytes;
}

export interface SignedCode {
  code: HealthCode;
  kid: Bytes;
  algorithm: Algorithm;
  signature: Bytes;
  signed: Bytes;
  /** x || y of the phone's key in a bound code. */
  phone: Bytes | null;
  proof: Proof | null;
}

const MAX_CHARACTERS = 311;
const MAX_BOUND_CHARACTERS = 656;
export const KID_BYTES = 8;
const MAX_HOLDER_BYTES = 32;
const LIFETIME_SECONDS = { live: 86_400, paper: 14 * 86_400 } satisfies Record<Kind, number>;
export const ISSUER = /^[A-Z0-9]{2}(-[A-Z0-9]{1,8})?$/;
export const ADDRESS = /^https?:\/\/[!-~]{1,56}$/;
// No line breaks, blanks, invisible marks, or marks that change the direction of writing;
// docs/format.md lists them.
const NAME =
  /^[^\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\uffff\u{e0000}-\u{e007f}]+$/u;
/**
 * A row: the encoded key, and how to read the value. null stands for a member that may be absent
 * and is.
 */
interface Member<T> {
  key: number;
  always: boolean;
  read: (value: Value | undefined) => T;
}
type Said<Table> = { [Name in keyof Table]: Table[Name] extends Member<infer T> ? T : never };

// The tables of healthcode/core/claims.py. A test compares them, so that a new member gets into
// both.
export const CLAIMS = {
  issuer: always(1, (value) => text(value, ISSUER)),
  expires_at: always(4, uint),
  issued_at: always(6, uint),
  phone_key: maybe(8, readPhone),
  status: always(65535, readStatus),
};
export const HC = -65537;
/**
 * Members of HC that a verifier may skip, and what they may contain: docs/format.md, section 3.
 */
export const LATER = { from: 16, to: 31 };
const MAX_LATER_BYTES = 64;
export const STATEMENT = {
  colour: always(1, (value) => oneOf(COLOURS, value)),
  kind: always(2, (value) => oneOf(KINDS, value)),
  policy: always(3, uint),
  holder: maybe(4, readHolder),
};

function always<T>(key: number, read: (value: Value | undefined) => T): Member<T> {
  return { key, always: true, read };
}

function maybe<T>(key: number, read: (value: Value) => T): Member<T | null> {
  return { key, always: false, read: (value) => (value === undefined ? null : read(value)) };
}

/** Return whether a text begins like one of a scheme. */
export function namesScheme(text: string): boolean {
  return SCHEMES.some((scheme) => text.startsWith(scheme));
}

export function isCertificate(text: string): boolean {
  return text.startsWith(CERTIFICATE);
}

/** Read a code, or what a phone shows of a code that is bound to it. Throws Malformed. */
export function readCode(text: string): SignedCode {
  if (text.length > MAX_BOUND_CHARACTERS) throw new Malformed("longer than any code");
  const prefix = text.slice(0, 4);
  if (prefix === SHOWN) return readShown(fromBase45(text.slice(4)));
  if (prefix !== CODE) throw new Malformed("not a code");
  const code = readMessage(fromBase45(text.slice(4)));
  if (code.phone === null && text.length > MAX_CHARACTERS) throw new Malformed("too long");
  return code;
}

/**
 * Read a message that this project wrote; like everything else, its signature has only one form.
 */
function parseOurs(data: Bytes): Sign1 {
  const message = parse(data);
  if (message.algorithm === ES256 && !isLow(message.signature)) throw new Malformed("signature does not have the lower s");
  return message;
}

function readShown(data: Bytes): SignedCode {
  const { headers, payload, signature, signed } = parseOurs(data);
  onlyKeys(headers, [1]);
  if (headers.get(1) !== ES256) throw new Malformed("not the algorithm of phones");
  const shown = decode(payload);
  if (!Array.isArray(shown) || shown.length !== 2) throw new Malformed("not a proof");
  const [madeAt, inner] = shown;
  if (!(inner instanceof Uint8Array)) throw new Malformed("not a proof");
  const code = readMessage(inner);
  if (code.phone === null) throw new Malformed("code is not bound to a phone");
  return { ...code, proof: { madeAt: uint(madeAt), signature, signed } };
}

function readMessage(data: Bytes): SignedCode {
  const { headers, algorithm, payload, signature, signed } = parseOurs(data);
  onlyKeys(headers, [1, 4]);
  const kid = headers.get(4);
  if (!(kid instanceof Uint8Array) || kid.length !== KID_BYTES) throw new Malformed("no kid");
  const { code, phone } = readClaims(map(decode(payload)));
  return { code, kid, algorithm, signature, signed, phone, proof: null };
}

function readClaims(claims: Map<CborKey, Value>): { code: HealthCode; phone: Bytes | null } {
  const { phone_key: phone, ...said } = readMap(CLAIMS, claims, [HC]);
  const statement = readMap(STATEMENT, withoutLater(map(claims.get(HC))));
  const code = { ...said, ...statement, bound: phone !== null };
  const lifetime = code.expires_at - code.issued_at;
  if (lifetime <= 0 || lifetime > LIFETIME_SECONDS[code.kind]) throw new Malformed("lifetime");
  if (code.bound && code.kind !== "live") throw new Malformed("only a live code may be bound to a phone");
  return { code, phone };
}

/** Read the members of a map that has no others except `more`. */
function readMap<Table extends Record<string, Member<unknown>>>(
  table: Table,
  found: Map<CborKey, Value>,
  more: CborKey[] = [],
): Said<Table> {
  const members = Object.values(table).filter(({ key, always }) => always || found.has(key));
  onlyKeys(found, [...members.map(({ key }) => key), ...more]);
  const said = Object.entries(table).map(([name, { key, read }]) => [name, read(found.get(key))]);
  return Object.fromEntries(said) as Said<Table>;
}

/** Remove the members that a verifier may skip, after checking their form. */
function withoutLater(found: Map<CborKey, Value>): Map<CborKey, Value> {
  const known = Object.values(STATEMENT).map(({ key }): CborKey => key);
  const isLater = (key: CborKey) =>
    typeof key === "number" && key >= LATER.from && key <= LATER.to && !known.includes(key);
  const later = [...found].filter(([key]) => isLater(key));
  later.forEach(([, value]) => (value instanceof Uint8Array ? shortBytes(value) : uint(value)));
  return new Map([...found].filter(([key]) => !isLater(key)));
}

function shortBytes(data: Bytes): void {
  if (data.length > MAX_LATER_BYTES) throw new Malformed("a member is too long");
}

function readHolder(value: Value): string {
  const holder = text(value, NAME);
  if (utf8(holder).length > MAX_HOLDER_BYTES) throw new Malformed("holder is too long");
  return holder;
}

function readStatus(value: Value | undefined): { idx: number; uri: string } {
  const status = map(value);
  onlyKeys(status, ["status_list"]);
  const reference = map(status.get("status_list"));
  onlyKeys(reference, ["idx", "uri"]);
  return { idx: uint(reference.get("idx")), uri: text(reference.get("uri"), ADDRESS) };
}

function readPhone(value: Value): Bytes {
  const confirmation = map(value);
  onlyKeys(confirmation, [1]);
  const key = map(confirmation.get(1));
  onlyKeys(key, [1, -1, -2, -3]);
  const [x, y] = [key.get(-2), key.get(-3)];
  const isP256 = key.get(1) === 2 && key.get(-1) === 1;
  if (!isP256 || !(x instanceof Uint8Array) || !(y instanceof Uint8Array)) {
    throw new Malformed("no point of P-256");
  }
  if (x.length !== 32 || y.length !== 32) throw new Malformed("no point of P-256");
  return concat(x, y);
}

function onlyKeys(found: Map<CborKey, Value>, keys: CborKey[]): void {
  if (found.size !== keys.length || !keys.every((key) => found.has(key))) {
    throw new Malformed("other members than those of a code");
  }
}

function map(value: Value | undefined): Map<CborKey, Value> {
  if (value instanceof Map) return value;
  throw new Malformed("a map is missing");
}

function text(value: Value | undefined, shape: RegExp): string {
  if (typeof value === "string" && shape.test(value)) return value;
  throw new Malformed("a text is missing or does not have its form");
}

function oneOf<T>(values: readonly T[], index: Value | undefined): T {
  const value = values[uint(index)];
  if (value === undefined) throw new Malformed("a number without meaning");
  return value;
}
