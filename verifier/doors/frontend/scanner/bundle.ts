// The signed data with which a door judges codes without network (docs/reference/offline-doors.md).

import { Malformed, NotTrusted, WentBackwards } from "#core/bytes.ts";
import { ISSUER } from "#core/codes.ts";
import {
  extensible,
  isSigned,
  type Issuer,
  type Key,
  parseJwkSet,
  readOutcomes,
  readSigned,
  type Trust,
  whole,
} from "#core/trust.ts";
import { readRules, type Rules } from "#core/verify.ts";

export interface ListName {
  issuer: string;
  uri: string;
  version: string;
}

/** The kinds of doubt, the same as in `Doubt` of verifier/models.py; a test compares them. */
const DOUBT_KINDS = ["elsewhere", "often"] as const;

/** The suspicion that a picture of a code is a copy. It does not say whose code it is. */
export interface Doubt {
  kind: (typeof DOUBT_KINDS)[number];
  scans: number;
  lastAt: number;
  doors: string[];
}

/** The server's signed message to one device. `at` is the server's time, in seconds since 1970. */
export interface Bundle {
  at: number;
  device: number;
  venue: number;
  venueName: string;
  rules: Rules;
  /** A trust for each issuer, so that one with old keys does not make the others look old. */
  trusts: Map<string, Trust>;
  lists: ListName[];
  doubts: Doubt[];
}

const TYP = "health-code-bundle+jws";
const MAX_LISTS = 4096;
const MAX_DOUBTS = 16;
const MAX_DOORS = 16;
// Several machines answer as one server, and their clocks differ a little.
const CLOCKS_DIFFER_SECONDS = 60;

/** Read a bundle that one of these keys signed. Throws NotTrusted, WentBackwards, Malformed. */
export async function readBundle(
  token: string,
  keys: Key[],
  held: Bundle | null = null,
): Promise<Bundle> {
  const message = readSigned(token, TYP);
  const bundle = await readContent(message.content);
  // Judged by the server's time, because the device's clock may be wrong until this answer is read.
  const genuine = await isSigned(message, keys, bundle.at, bundle.at);
  if (!genuine) throw new NotTrusted("not signed by the service this device was enrolled with");
  if (held !== null && held.device === bundle.device) {
    if (bundle.at < held.at - CLOCKS_DIFFER_SECONDS) throw new WentBackwards("an older bundle");
  }
  return bundle;
}

async function readContent(document: unknown): Promise<Bundle> {
  const names = ["at", "device", "venue", "venue_name", "rules", "issuers", "status_lists"];
  const found = extensible(document, [...names, "doubts"], []);
  const issuers = await Promise.all(list(found["issuers"], MAX_LISTS).map(readIssuer));
  return {
    at: whole(found["at"]),
    device: whole(found["device"]),
    venue: whole(found["venue"]),
    venueName: text(found["venue_name"]),
    rules: readRules(found["rules"]),
    trusts: new Map(issuers),
    lists: list(found["status_lists"], MAX_LISTS).map(readName),
    doubts: list(found["doubts"], MAX_DOUBTS).map(readDoubt),
  };
}

async function readIssuer(document: unknown): Promise<[string, Trust]> {
  const found = extensible(document, ["issuer", "keys", "honours", "as_of", "expires_at"], []);
  const name = text(found["issuer"]);
  if (!ISSUER.test(name)) throw new Malformed("issuer");
  const keys = await parseJwkSet({ keys: found["keys"] });
  const honours = readOutcomes(found["honours"]);
  const issuer: Issuer = { name, keys, honours, statusLists: [] };
  const expiresAt = found["expires_at"] === null ? null : whole(found["expires_at"]);
  const asOf = whole(found["as_of"]);
  return [name, { issuers: new Map([[name, issuer]]), asOf, expiresAt, sequence: 0 }];
}

function readName(document: unknown): ListName {
  const { issuer, uri, version } = extensible(document, ["issuer", "uri", "version"], []);
  return { issuer: text(issuer), uri: text(uri), version: text(version) };
}

function readDoubt(document: unknown): Doubt {
  const found = extensible(document, ["kind", "scans", "last_at", "doors"], []);
  const kind = DOUBT_KINDS.find((one) => one === found["kind"]);
  if (kind === undefined) throw new Malformed("a kind of doubt not known");
  const doors = list(found["doors"], MAX_DOORS).map(text);
  return { kind, scans: whole(found["scans"]), lastAt: whole(found["last_at"]), doors };
}

function list(value: unknown, most: number): unknown[] {
  if (Array.isArray(value) && value.length <= most) return value;
  throw new Malformed("a list is missing, or too long");
}

function text(value: unknown): string {
  if (typeof value === "string") return value;
  throw new Malformed("a text is missing");
}
