// What the scanner page makes of bundles: cases on standard input, results on standard output.

import { readFileSync } from "node:fs";

import { Malformed, NotTrusted, parseJwkSet, WentBackwards } from "#core/index.ts";
import { readBundle } from "#doors/scanner/bundle.ts";

interface Case {
  bundle: string;
  keys: unknown;
  held: string | null;
}

async function resultOf({ bundle, keys, held }: Case): Promise<string> {
  const known = await parseJwkSet(keys);
  const before = held === null ? null : await readBundle(held, known);
  try {
    const { venueName, rules, trusts } = await readBundle(bundle, known, before);
    return [venueName, rules.admits.yellow, ...trusts.keys()].join(" ");
  } catch (error) {
    if (error instanceof WentBackwards) return "went_backwards";
    if (error instanceof NotTrusted) return "not_trusted";
    if (error instanceof Malformed) return "malformed";
    throw error;
  }
}

const cases = JSON.parse(readFileSync(0, "utf-8")) as Case[];
const results: string[] = [];
for (const one of cases) results.push(await resultOf(one));
console.log(JSON.stringify(results));
