// Status lists say which codes were superseded: docs/trust.md, section 3.

import { type Bytes, Malformed, NotTrusted, sameBytes, uint } from "./bytes.ts";
import { type Value, read } from "./cbor.ts";
import { parseForeign } from "./cose.ts";
import { anyHolds, inForce, type Trust } from "./trust.ts";

export interface ParsedStatusList {
  issuer: string;
  uri: string;
  asOf: number;
  expiresAt: number | null;
  ttlSeconds: number | null;
  bits: Bytes;
}

const CONTENT_TYPE = "application/statuslist+cwt";
const MAX_TOKEN_BYTES = 4 << 20;
const MAX_BYTES = 8 << 20;
const ADLER_MODULUS = 65_521;
const [KID, TYP] = [4, 16] as const;
const [ISS, SUB, EXP, IAT, STATUS_LIST, TTL] = [1, 2, 4, 6, 65533, 65534] as const;

/** The lists at hand. Of two lists by one issuer for one address it keeps the newer. */
export class Statuses {
  #lists = new Map<string, ParsedStatusList>();

  constructor(lists: ParsedStatusList[]) {
    for (const list of [...lists].sort((one, other) => one.asOf - other.asOf)) {
      this.#lists.set(`${list.issuer} ${list.uri}`, list);
    }
  }

  get(issuer: string, uri: string): ParsedStatusList | null {
    return this.#lists.get(`${issuer} ${uri}`) ?? null;
  }
}

/** Return whether the code with this index is superseded; null if the list has no such index. */
export function superseded(list: ParsedStatusList, idx: number): boolean | null {
  const byte = list.bits[Math.floor(idx / 8)];
  return byte === undefined ? null : ((byte >> (idx % 8)) & 1) === 1;
}

/**
 * Read a token's list if the issuer that it names has signed it. With `uri` it must be the list
 * there.
 */
export async function parseStatusList(
  token: Bytes,
  trust: Trust,
  at: number,
  uri: string | null = null,
): Promise<ParsedStatusList> {
  if (token.length > MAX_TOKEN_BYTES) throw new Malformed("too large");
  const message = parseForeign(token);
  const list = await readList(message.headers.get(TYP), read(message.payload));
  const kid = message.headers.get(KID) ?? message.hints.get(KID);
  if (!(kid instanceof Uint8Array)) throw new Malformed("no key identifier");
  const keys = (trust.issuers.get(list.issuer)?.keys ?? []).filter(
    (key) =>
      sameBytes(key.kid, kid) &&
      key.algorithm === message.algorithm &&
      inForce(key, list.asOf, at),
  );
  const genuine = await anyHolds(keys, message.signed, message.signature);
  if (!genuine) throw new NotTrusted("not signed by a key in force");
  if (uri !== null && list.uri !== uri) throw new NotTrusted("belongs to another address");
  return list;
}

async function readList(typ: Value | undefined, claims: Value): Promise<ParsedStatusList> {
  if (typ !== CONTENT_TYPE || !(claims instanceof Map)) throw new Malformed("no status list");
  const content = claims.get(STATUS_LIST);
  const compressed = content instanceof Map ? content.get("lst") : undefined;
  if (!(content instanceof Map) || content.get("bits") !== 1) throw new Malformed("not one bit");
  if (!(compressed instanceof Uint8Array)) throw new Malformed("no list");
  return {
    issuer: text(claims.get(ISS)),
    uri: text(claims.get(SUB)),
    asOf: uint(claims.get(IAT)),
    expiresAt: claims.has(EXP) ? uint(claims.get(EXP)) : null,
    ttlSeconds: claims.has(TTL) ? uint(claims.get(TTL)) : null,
    bits: await inflate(compressed),
  };
}

/** Return the bytes of one whole zlib stream, never more than a list may have. */
async function inflate(compressed: Bytes): Promise<Bytes> {
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const parts: Bytes[] = [];
  let size = 0;
  try {
    for await (const part of iterate(stream)) {
      size += part.length;
      if (size > MAX_BYTES) throw new Malformed("list is too long");
      parts.push(part);
    }
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed("list is not zlib");
  }
  const bits = new Uint8Array(await new Blob(parts).arrayBuffer());
  // Not every platform notices bytes after the end. A stream ends with its checksum.
  if (!sameBytes(compressed.slice(-4), adler32(bits))) throw new Malformed("zlib and more");
  return bits;
}

async function* iterate(stream: ReadableStream<Bytes>): AsyncGenerator<Bytes> {
  const reader = stream.getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) yield step.value;
  } finally {
    await reader.cancel();
  }
}

/** Compute the checksum of RFC 1950, as the four bytes that end a stream. */
function adler32(data: Bytes): Bytes {
  let [low, high] = [1, 0];
  for (const byte of data) {
    low = (low + byte) % ADLER_MODULUS;
    high = (high + low) % ADLER_MODULUS;
  }
  return Uint8Array.of(high >> 8, high & 0xff, low >> 8, low & 0xff);
}

function text(value: Value | undefined): string {
  if (typeof value === "string") return value;
  throw new Malformed("a text is missing");
}
