// Read JSON from strangers as healthcode.core does: no object may have a name twice.

import { type Bytes, fromUtf8, Malformed } from "./bytes.ts";

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;
const FRACTION = /^-?\d.*[.eE]/;

/** Read the value of `data`. A number with a fraction or an exponent becomes null. */
export function parseJson(data: Bytes): unknown {
  const text = fromUtf8(data);
  try {
    JSON.parse(text);
    return JSON.parse(withoutFractions(text));
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed("not JSON");
  }
}

/**
 * Rewrite valid JSON. JSON.parse would read 8.0 as 8, and take the last of two members of one name.
 */
function withoutFractions(text: string): string {
  const objects: Set<string>[] = [];
  const tokens = text.match(TOKENS) ?? [];
  tokens.forEach((token, at) => {
    if (token === "{") objects.push(new Set());
    if (token === "}") objects.pop();
    if (token === ":") noteName(objects.at(-1), JSON.parse(tokens[at - 1] ?? "") as string);
  });
  return tokens.map((token) => (FRACTION.test(token) ? "null" : token)).join("");
}

function noteName(names: Set<string> | undefined, name: string): void {
  if (names?.has(name)) throw new Malformed("an object has a name twice");
  names?.add(name);
}
