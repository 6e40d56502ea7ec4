// Judge a code, in the order of docs/format.md, section 5. The shared vectors check that the answer
// is always that of healthcode.core.

import { type Bytes, Malformed, sameBytes, uint } from "./bytes.ts";
import { type Colour, type HealthCode, isCertificate, type Kind, KINDS, readCode, type SignedCode } from "./codes.ts";
import { ES256, holds, p256Key } from "./cose.ts";
import { type Statuses, type ParsedStatusList, superseded } from "./status.ts";
import {
  anyHolds,
  extensible,
  inForce,
  type Issuer,
  type Outcome,
  OUTCOMES,
  type Outcomes,
  readOutcomes,
  type Trust,
} from "./trust.ts";

/** The closed list of reasons, in the order of the Python code; a test compares them. */
export const REASONS = [
  "ok",
  "yellow",
  "red",
  "expired",
  "not_yet_valid",
  "superseded",
  "unknown_issuer",
  "unknown_key",
  "bad_signature",
  "malformed",
  "stale_data",
  "not_admitted_here",
] as const;
export type Reason = (typeof REASONS)[number];

export interface Rules {
  admits: Outcomes;
  kinds: readonly Kind[];
  trust_grace_seconds: number;
  status_grace_seconds: number;
  leeway_seconds: number;
}

const RULES: Rules = {
  admits: { green: "pass", yellow: "caution", red: "refuse" } satisfies Record<Colour, Outcome>,
  kinds: KINDS,
  trust_grace_seconds: 86_400,
  status_grace_seconds: 7_200,
  leeway_seconds: 60,
};

/** Read the rules in a JSON document, each with its default. Throws Malformed. */
export function readRules(document: unknown): Rules {
  const found = extensible(document, [], Object.keys(RULES));
  const seconds = (name: "trust_grace_seconds" | "status_grace_seconds" | "leeway_seconds") =>
    found[name] === undefined ? RULES[name] : uint(found[name]);
  return {
    admits: found["admits"] === undefined ? RULES.admits : readOutcomes(found["admits"]),
    kinds: found["kinds"] === undefined ? RULES.kinds : readKinds(found["kinds"]),
    trust_grace_seconds: seconds("trust_grace_seconds"),
    status_grace_seconds: seconds("status_grace_seconds"),
    leeway_seconds: seconds("leeway_seconds"),
  };
}

function readKinds(value: unknown): Kind[] {
  const known: readonly unknown[] = KINDS;
  if (Array.isArray(value) && value.every((kind) => known.includes(kind))) return value;
  throw new Malformed("a kind of code that is not known");
}

/** What a door knows, its rules, and the time `now` (seconds since 1970). */
export interface Door {
  trust: Trust;
  status: Statuses;
  rules: Rules;
  now: number;
}

export interface Verdict {
  outcome: Outcome;
  reason: Reason;
  code: HealthCode | null;
  age_seconds: number | null;
  trust_age_seconds: number;
  status_age_seconds: number | null;
}

const PROOF_SECONDS = 60;

/** Judge a scanned text at this door. No text makes it reject. */
export async function verify(text: string, door: Door): Promise<Verdict> {
  // A certificate has no colour, and a door has no keys of its signers: docs/format.md, section 7.
  if (isCertificate(text)) return refused("not_admitted_here", door);
  try {
    return await judge(readCode(text), door);
  } catch (error) {
    if (error instanceof Malformed) return refused("malformed", door);
    throw error;
  }
}

async function judge(signed: SignedCode, door: Door): Promise<Verdict> {
  const { code } = signed;
  const phone = signed.phone === null ? null : await p256Key(signed.phone);
  const issuer = door.trust.issuers.get(code.issuer);
  if (issuer === undefined) return refused("unknown_issuer", door);
  const doubt = await doubtOfSignature(signed, phone, issuer, door);
  if (doubt !== null) return refused(doubt, door);
  const list = door.status.get(code.issuer, code.status.uri);
  const [outcome, reason] = judgeGenuine(signed, issuer, list, door);
  return {
    outcome,
    reason,
    code,
    age_seconds: age(shownAt(signed), door.now),
    trust_age_seconds: age(door.trust.asOf, door.now),
    status_age_seconds: list === null ? null : age(list.asOf, door.now),
  };
}

function refused(reason: Reason, { trust, now }: Door): Verdict {
  return {
    outcome: "refuse",
    reason,
    code: null,
    age_seconds: null,
    trust_age_seconds: age(trust.asOf, now),
    status_age_seconds: null,
  };
}

/**
 * Return why the issuer did not sign this code or its phone does not show it; null if both are
 * right.
 */
async function doubtOfSignature(
  { code, kid, algorithm, signed, signature, proof }: SignedCode,
  phone: CryptoKey | null,
  issuer: Issuer,
  { rules, now }: Door,
): Promise<Reason | null> {
  const latestIssue = code.issued_at + rules.leeway_seconds;
  const named = issuer.keys.filter(
    (key) => sameBytes(key.kid, kid) && inForce(key, latestIssue, now),
  );
  if (named.length === 0) return "unknown_key";
  const keys = named.filter((key) => key.algorithm === algorithm);
  if (!(await anyHolds(keys, signed, signature))) return "bad_signature";
  if (phone === null) return null;
  const inItsPhone = proof !== null && (await proofHolds(phone, proof.signed, proof.signature));
  return inItsPhone ? null : "bad_signature";
}

function proofHolds(phone: CryptoKey, signed: Bytes, signature: Bytes): Promise<boolean> {
  return holds(ES256, phone, signed, signature);
}

function judgeGenuine(
  signed: SignedCode,
  issuer: Issuer,
  list: ParsedStatusList | null,
  door: Door,
): [Outcome, Reason] {
  const lapsed = lapse(signed, door) ?? supersession(signed.code, list);
  if (lapsed !== null) return ["refuse", lapsed];
  const admitted = admission(signed.code, issuer, door.rules);
  return admitted[0] === "pass" && isStale(list, door) ? ["caution", "stale_data"] : admitted;
}

function lapse(signed: SignedCode, { rules, now }: Door): Reason | null {
  const { issued_at: issuedAt, expires_at: expiresAt } = signed.code;
  const { leeway_seconds: leeway } = rules;
  const ends =
    signed.proof === null ? expiresAt : Math.min(expiresAt, signed.proof.madeAt + PROOF_SECONDS);
  if (Math.max(issuedAt, shownAt(signed)) - leeway > now) return "not_yet_valid";
  return ends + leeway <= now ? "expired" : null;
}

function shownAt({ code, proof }: SignedCode): number {
  return proof === null ? code.issued_at : proof.madeAt;
}

function supersession({ status }: HealthCode, list: ParsedStatusList | null): Reason | null {
  if (list === null) return null;
  const set = superseded(list, status.idx);
  if (set === null) return "malformed";
  return set ? "superseded" : null;
}

/** Return the worse of what the issuer's colour is worth here and what this door admits. */
function admission(
  { colour, kind }: HealthCode,
  { honours }: Issuer,
  { admits, kinds }: Rules,
): [Outcome, Reason] {
  const admitted = kinds.includes(kind) ? (admits[colour] ?? "refuse") : "refuse";
  const honoured = honours[colour] ?? "pass";
  const outcome = worse(admitted, honoured);
  if (outcome === "pass") return [outcome, "ok"];
  const byDoorAlone = admitted === "refuse" && honoured !== "refuse";
  if (byDoorAlone && colour !== "red") return [outcome, "not_admitted_here"];
  return [outcome, reasonOf(colour)];
}

function worse(one: Outcome, other: Outcome): Outcome {
  return OUTCOMES.indexOf(one) > OUTCOMES.indexOf(other) ? one : other;
}

function reasonOf(colour: Colour): Reason {
  return colour === "green" ? "not_admitted_here" : colour;
}

function isStale(list: ParsedStatusList | null, { trust, rules, now }: Door): boolean {
  const isFresh = (asOf: number, expiresAt: number | null, grace: number) =>
    asOf <= now + rules.leeway_seconds &&
    now - asOf <= grace &&
    (expiresAt === null || now < expiresAt);
  return (
    list === null ||
    !isFresh(trust.asOf, trust.expiresAt, rules.trust_grace_seconds) ||
    !isFresh(list.asOf, list.expiresAt, rules.status_grace_seconds)
  );
}

function age(since: number, now: number): number {
  return Math.max(0, now - since);
}
