// The browser's verifier in Node: a document of vectors on standard input, its answers on output.

import { readFileSync } from "node:fs";

import {
  Malformed,
  NotTrusted,
  parseJwkSet,
  parseStatusList,
  parseTrustList,
  RULES,
  type Rules,
  Statuses,
  type Trust,
  type Verdict,
  verify,
  WentBackwards,
} from "../../verifier/frontend/core/index.ts";

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
interface Vectors {
  loaded_at: number;
  alliance_keys: unknown;
  trust: Record<string, string>;
  status: Record<string, string>;
  rules: Record<string, Partial<Rules>>;
  cases: Case[];
  trust_lists: Listed[];
  status_lists: Listed[];
}

const vectors = JSON.parse(readFileSync(0, "utf-8")) as Vectors;
const alliance = await parseJwkSet(vectors.alliance_keys);
const at = vectors.loaded_at;
const trusts = new Map<string, Trust>();
for (const [name, token] of Object.entries(vectors.trust)) {
  trusts.set(name, await parseTrustList(token, alliance, at));
}
const current = trustOf("current");
const known = new Map<string, Statuses>();

function trustOf(name: string): Trust {
  const trust = trusts.get(name);
  if (trust === undefined) throw new Error(`no trust ${name}`);
  return trust;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function statusesOf(names: string[]): Promise<Statuses> {
  const found = known.get(names.join());
  if (found !== undefined) return found;
  const tokens = names.map((name) => bytesOf(vectors.status[name] ?? ""));
  const lists = await Promise.all(tokens.map((token) => parseStatusList(token, current, at)));
  const statuses = new Statuses(lists);
  known.set(names.join(), statuses);
  return statuses;
}

async function judge(vector: Case): Promise<Verdict> {
  return verify(vector.text, {
    trust: trustOf(vector.trust),
    status: await statusesOf(vector.status),
    rules: { ...RULES, ...vectors.rules[vector.rules] },
    now: vector.at,
  });
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

const cases: Verdict[] = [];
for (const vector of vectors.cases) cases.push(await judge(vector));
const trustLists: string[] = [];
for (const { token, at: now } of vectors.trust_lists) {
  trustLists.push(await resultOf(parseTrustList(token, alliance, now, current)));
}
const statusLists: string[] = [];
for (const { token, at: now, uri } of vectors.status_lists) {
  statusLists.push(await resultOf(parseStatusList(bytesOf(token), current, now, uri)));
}
console.log(JSON.stringify({ cases, trust_lists: trustLists, status_lists: statusLists }));
