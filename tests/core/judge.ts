// Run the browser's verifier on a document of vectors, in any environment.

import {
  Malformed,
  NotTrusted,
  parseJwkSet,
  parseStatusList,
  parseTrustList,
  readRules,
  Statuses,
  type Trust,
  type Verdict,
  verify,
  WentBackwards,
} from "#core/index.ts";
import { utf8 } from "#core/bytes.ts";
import { parseJson } from "#core/json.ts";

interface Case {
  text: string;
  at: number;
  trust: string;
  status: string[];
  rules: string;
}
interface Listed {
  token: string;
  at: number;
  uri: string;
}
export interface Vectors {
  loaded_at: number;
  alliance_keys: unknown;
  trust: Record<string, string>;
  status: Record<string, string>;
  rules: Record<string, unknown>;
  cases: Case[];
  trust_lists: Listed[];
  status_lists: Listed[];
  rules_texts: { text: string }[];
}

export interface Answers {
  cases: Verdict[];
  rules_texts: string[];
  trust_lists: string[];
  status_lists: string[];
}

/** Return what the verifier makes of every case and every list. */
export async function answers(vectors: Vectors): Promise<Answers> {
  const alliance = await parseJwkSet(vectors.alliance_keys);
  const at = vectors.loaded_at;
  const trusts = new Map<string, Trust>();
  for (const [name, token] of Object.entries(vectors.trust)) {
    trusts.set(name, await parseTrustList(token, alliance, at));
  }
  const current = found(trusts, "current");
  const statuses = new Map<string, Statuses>();

  async function statusesOf(names: string[]): Promise<Statuses> {
    const known = statuses.get(names.join());
    if (known !== undefined) return known;
    const tokens = names.map((name) => bytesOf(vectors.status[name] ?? ""));
    const lists = await Promise.all(tokens.map((token) => parseStatusList(token, current, at)));
    statuses.set(names.join(), new Statuses(lists));
    return found(statuses, names.join());
  }

  const result: Answers = { cases: [], rules_texts: [], trust_lists: [], status_lists: [] };
  for (const { text, at: now, trust: trusted, status: listed, rules: named } of vectors.cases) {
    const [trust, status] = [found(trusts, trusted), await statusesOf(listed)];
    const rules = readRules(vectors.rules[named]);
    result.cases.push(await verify(text, { trust, status, rules, now }));
  }
  for (const { text } of vectors.rules_texts) {
    result.rules_texts.push(await resultOf(rulesIn(text)));
  }
  for (const { token, at: now } of vectors.trust_lists) {
    result.trust_lists.push(await resultOf(parseTrustList(token, alliance, now, current)));
  }
  for (const { token, at: now, uri } of vectors.status_lists) {
    result.status_lists.push(await resultOf(parseStatusList(bytesOf(token), current, now, uri)));
  }
  return result;
}

async function rulesIn(text: string): Promise<unknown> {
  return readRules(parseJson(utf8(text)));
}

function found<T>(values: Map<string, T>, name: string): T {
  const value = values.get(name);
  if (value === undefined) throw new Error(`no ${name}`);
  return value;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function resultOf(reading: Promise<unknown>): Promise<string> {
  try {
    await reading;
  } catch (error) {
    if (error instanceof WentBackwards) return "went_backwards";
    if (error instanceof NotTrusted) return "not_trusted";
    if (error instanceof Malformed) return "malformed";
    throw error;
  }
  return "accepted";
}
