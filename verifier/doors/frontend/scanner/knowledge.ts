// What this device knows of issuers, their keys and their status lists, and what it makes of a
// code by itself. Everything is signed, and is verified anew whenever it is taken from the disk.

import {
  type Key,
  Malformed,
  NotTrusted,
  parseJwkSet,
  parseStatusList,
  readCode,
  type ParsedStatusList,
  Statuses,
  type Trust,
  type Verdict,
  verify,
} from "#core/index.ts";
import { fetchBundle, fetchStatusList, isFailure, type Failure } from "./api.ts";
import { type Bundle, type Doubt, readBundle } from "./bundle.ts";
import type { Clock } from "./clock.ts";
import { store } from "./store.ts";

const KEY = "bundle";
const MOST_OPEN_LISTS = 4;
const DOUBTS_STAY_SECONDS = 600;

interface KeptBundle {
  token: string;
  /** The JWK set of the service, as the first bundle brought it. */
  keys: unknown;
}

interface KeptList {
  issuer: string;
  uri: string;
  version: string;
  asOf: number;
  token: Uint8Array<ArrayBuffer>;
}

/** What was heard last of an issuer, and whether it is too old to pass anybody. */
export interface IssuerFreshness {
  issuer: string;
  asOf: number;
  isStale: boolean;
}

export class Knowledge {
  #bundle: Bundle | null = null;
  #keys: { set: unknown; parsed: Key[] } | null = null;
  #newest = new Map<string, number>();
  #open = new Map<string, { version: string; list: ParsedStatusList }>();

  /** Whether there is anything to judge with. */
  get isThere(): boolean {
    return this.#bundle !== null;
  }

  async load(): Promise<void> {
    const kept = await store.read<KeptBundle>("kept", KEY);
    if (kept === undefined) return;
    try {
      const parsed = await parseJwkSet(kept.keys);
      this.#bundle = await readBundle(kept.token, parsed);
      this.#keys = { set: kept.keys, parsed };
      await this.#countLists();
    } catch (error) {
      if (!(error instanceof Malformed || error instanceof NotTrusted)) throw error;
      // Written by another version of this page, or not by this page at all.
      await this.forget();
    }
  }

  async forget(): Promise<void> {
    this.#bundle = this.#keys = null;
    this.#open.clear();
    await store.remove("kept", [KEY]);
    await store.empty("lists");
  }

  /**
   * Fetch what is new. The failure, or null when all went well. Throws NotTrusted, WentBackwards
   * and Malformed for a bundle that is not the service's word; what was known before stays.
   */
  async refresh(token: string, clock: Clock): Promise<Failure | null> {
    const askedAt = Date.now();
    const answer = await fetchBundle(token);
    if (isFailure(answer)) return answer;
    const answeredAt = Date.now();
    const keys = this.#keys ?? { set: answer.keys, parsed: await parseJwkSet(answer.keys) };
    const bundle = await readBundle(answer.bundle, keys.parsed, this.#bundle);
    // Known first and kept then: a full disk does not make the door forget what it has heard.
    this.#keys = keys;
    this.#bundle = bundle;
    await clock.heard(bundle.at, askedAt, answeredAt);
    const kept: KeptBundle = { token: answer.bundle, keys: keys.set };
    await store.write("kept", KEY, kept);
    return this.#refreshLists(token, bundle);
  }

  /** What a text means at this door, judged here and now. */
  async judge(text: string, clock: Clock): Promise<Verdict> {
    if (this.#bundle === null) throw new Error("nothing to judge with");
    const { rules, trusts } = this.#bundle;
    const named = namedIn(text);
    const trust = trusts.get(named?.issuer ?? "") ?? nobody(this.#bundle);
    const list = named === null ? null : await this.#list(named.issuer, named.uri, trust, clock);
    const status = new Statuses(list === null ? [] : [list]);
    return verify(text, { trust, status, rules, now: clock.now() });
  }

  /** For each issuer what was heard last, the freshest first. */
  heard(now: number): IssuerFreshness[] {
    if (this.#bundle === null) return [];
    const { rules, trusts } = this.#bundle;
    return [...trusts]
      .map(([issuer, trust]) => {
        const listed = this.#newest.get(issuer) ?? 0;
        const isStale =
          now - trust.asOf > rules.trust_grace_seconds ||
          now - listed > rules.status_grace_seconds ||
          (trust.expiresAt !== null && trust.expiresAt <= now);
        return { issuer, asOf: Math.min(trust.asOf, listed), isStale };
      })
      .sort((one, other) => other.asOf - one.asOf);
  }

  /** Pictures scanned at this venue that were likely copied, as long as somebody can look for them. */
  doubts(now: number): Doubt[] {
    const told = this.#bundle?.doubts ?? [];
    return told.filter(({ lastAt }) => now - lastAt < DOUBTS_STAY_SECONDS);
  }

  async #refreshLists(token: string, bundle: Bundle): Promise<Failure | null> {
    const lists = await store.readAll<KeptList>("lists");
    const held = new Map(lists.map((list) => [nameOf(list), list]));
    const gone = new Set(held.keys());
    let failure: Failure | null = null;
    for (const named of bundle.lists) {
      gone.delete(nameOf(named));
      const before = held.get(nameOf(named));
      const trust = bundle.trusts.get(named.issuer);
      if (trust === undefined || before?.version === named.version) continue;
      const fetched = await fetchStatusList(token, named.uri);
      if (isFailure(fetched)) {
        failure ??= fetched;
        continue;
      }
      const list = await parsed(fetched.token, trust, bundle.at, named.uri);
      if (list === null || list.issuer !== named.issuer || list.asOf < (before?.asOf ?? 0)) continue;
      const kept: KeptList = { ...named, ...fetched, asOf: list.asOf };
      await store.write("lists", nameOf(named), kept);
    }
    await store.remove("lists", [...gone]);
    await this.#countLists();
    return failure;
  }

  async #countLists(): Promise<void> {
    this.#newest = new Map();
    for (const { issuer, asOf } of await store.readAll<KeptList>("lists")) {
      this.#newest.set(issuer, Math.max(asOf, this.#newest.get(issuer) ?? 0));
    }
  }

  /** The list, verified; only a few are kept open, since a large one takes megabytes. */
  async #list(
    issuer: string,
    uri: string,
    trust: Trust,
    clock: Clock,
  ): Promise<ParsedStatusList | null> {
    const name = nameOf({ issuer, uri });
    const kept = await store.read<KeptList>("lists", name);
    if (kept === undefined) return null;
    const held = this.#open.get(name);
    if (held?.version === kept.version) return held.list;
    const list = await parsed(kept.token, trust, clock.now(), uri);
    if (list === null || list.issuer !== issuer) return null;
    const [first] = this.#open.keys();
    if (this.#open.size >= MOST_OPEN_LISTS && first !== undefined) this.#open.delete(first);
    this.#open.set(name, { version: kept.version, list });
    return list;
  }
}

function nameOf({ issuer, uri }: { issuer: string; uri: string }): string {
  return `${issuer} ${uri}`;
}

/** Whom a code says it is from, and which list it names; null for what is no code. */
function namedIn(text: string): { issuer: string; uri: string } | null {
  try {
    const { code } = readCode(text);
    return { issuer: code.issuer, uri: code.status.uri };
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

async function parsed(
  token: Uint8Array<ArrayBuffer>,
  trust: Trust,
  at: number,
  uri: string,
): Promise<ParsedStatusList | null> {
  try {
    return await parseStatusList(token, trust, at, uri);
  } catch (error) {
    // Its key was withdrawn since. Without a list its codes pass nobody unseen.
    if (error instanceof Malformed || error instanceof NotTrusted) return null;
    throw error;
  }
}

function nobody({ at }: Bundle): Trust {
  return { issuers: new Map(), asOf: at, expiresAt: null, sequence: 0 };
}
