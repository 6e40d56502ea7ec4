// What a door judges with its network cut: on standard input all that it fetched before (its
// bundle with the keys it was enrolled with, the status lists) and codes; on standard output a
// verdict each.

import { readFileSync } from "node:fs";

import { parseJwkSet, parseStatusList, readCode, Statuses, verify } from "#core/index.ts";
import { readBundle } from "#doors/scanner/bundle.ts";

interface Fetched {
  bundle: string;
  keys: unknown;
  /** Tokens in Base64, by issuer. */
  lists: [issuer: string, token: string][];
  codes: string[];
}

const fetched = JSON.parse(readFileSync(0, "utf-8")) as Fetched;
const { rules, trusts, at: now } = await readBundle(fetched.bundle, await parseJwkSet(fetched.keys));

function trustIn(issuer: string) {
  const trust = trusts.get(issuer);
  if (trust === undefined) throw new Error(`the bundle does not know ${issuer}`);
  return trust;
}

const lists = [];
for (const [issuer, token] of fetched.lists) {
  const bytes = Uint8Array.from(atob(token), (character) => character.charCodeAt(0));
  lists.push(await parseStatusList(bytes, trustIn(issuer), now));
}
const verdicts = [];
for (const text of fetched.codes) {
  const trust = trustIn(readCode(text).code.issuer);
  verdicts.push(await verify(text, { trust, status: new Statuses(lists), rules, now }));
}
console.log(JSON.stringify(verdicts));
