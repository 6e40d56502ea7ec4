// Print the closed lists and the tables of the browser's verifier.

import { CLAIMS, COLOURS, HC, KINDS, LATER, SCHEMES, STATEMENT } from "#core/codes.ts";
import { JOSE_NAMES } from "#core/cose.ts";
import { OUTCOMES } from "#core/trust.ts";
import { REASONS } from "#core/verify.ts";

function rows(table: Record<string, { key: number; always: boolean }>) {
  return Object.entries(table).map(([field, { key, always }]) => [field, key, always]);
}

const lists = {
  algorithms: JOSE_NAMES,
  reasons: REASONS,
  outcomes: OUTCOMES,
  colours: COLOURS,
  kinds: KINDS,
};
console.log(
  JSON.stringify({ ...lists, claims: rows(CLAIMS), hc: HC, statement: rows(STATEMENT), later: LATER, schemes: SCHEMES }),
);
