// The issuers, keys and status lists that this device has, and the verdicts that it reaches with them.
// All of it is signed, and is verified again each time it is read from the disk.

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
  /** The JWK set of the service that came with the first bundle. */
  keys: unknown;
}

interface KeptList {
  issuer: string;
  uri: string;
  version: string;
  asOf: number;
  token: Uint8Array<ArrayBuffer>;
}

/** The time of an issuer's newest data, and whether they are too old for a pass. */
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

  /** Whether this device has the data to judge codes. */
  get isThere(): boolean {
    return this.#bundle !== null;
  }

  /** The name of this venue as the server told it last; null before its first bundle. */
  nameOfVenue(venue: number): string | null {
    return this.#bundle?.venue === venue ? this.#bundle.venueName : null;
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
      // Another version of this page wrote it, or something else did.
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
   * Fetch new data. Returns the failure, or null on success. Throws NotTrusted, WentBackwards and
   * Malformed for a bundle that is not from the service; then the old data stay.
   */
  async refresh(token: string, clock: Clock): Promise<Failure | null> {
    const askedAt = Date.now();
    const answer = await fetchBundle(token);
    if (isFailure(answer)) return answer;
    const answeredAt = Date.now();
    const keys = this.#keys ?? { set: answer.keys, parsed: await parseJwkSet(answer.keys) };
    const bundle = await readBundle(answer.bundle, keys.parsed, this.#bundle);
    // Used first and stored afterwards, so that the door has the new data even when its disk is full.
    this.#keys = keys;
    this.#bundle = bundle;
    await clock.heard(bundle.at, askedAt, answeredAt);
    const kept: KeptBundle = { token: answer.bundle, keys: keys.set };
    await store.write("kept", KEY, kept);
    return this.#refreshLists(token, bundle);
  }

  /** Judge a text by the rules of this door, at the time of `clock`. */
  async judge(text: string, clock: Clock): Promise<Verdict> {
    if (this.#bundle === null) throw new Error("nothing to judge with");
    const { rules, trusts } = this.#bundle;
    const named = namedIn(text);
    const trust = trusts.get(named?.issuer ?? "") ?? nobody(this.#bundle);
    const list = named === null ? null : await this.#list(named.issuer, named.uri, trust, clock);
    const status = new Statuses(list === null ? [] : [list]);
    return verify(text, { trust, status, rules, now: clock.now() });
  }

  /** The age of the data of each issuer, the newest first. */
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

  /** The doubts of the last ten minutes at this venue: codes that may have been shown as copies. */
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

  /** The verified list. Only a few stay in memory, because a large list takes megabytes. */
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

/** The issuer and the status list that a code names; null for a text that is no code. */
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
    // Its key was withdrawn. Without the list, its codes get caution at best.
    if (error instanceof Malformed || error instanceof NotTrusted) return null;
    throw error;
  }
}

function nobody({ at }: Bundle): Trust {
  return { issuers: new Map(), asOf: at, expiresAt: null, sequence: 0 };
}
