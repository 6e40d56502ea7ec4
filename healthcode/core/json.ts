// JSON from strangers, read as healthcode.core does: no name twice in an object.

import { type Bytes, fromUtf8, Malformed } from "./bytes.ts";

const TOKENS = /"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s"{}[\]:,]+/g;
const FRACTION = /^-?\d.*[.eE]/;

/** The value that `data` is; a number with a fraction or an exponent becomes null. */
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

/** The text of valid JSON. JSON.parse would read 8.0 as 8, and the last of two equal names. */
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
  if (names?.has(name)) throw new Malformed("a name twice in one object");
  names?.add(name);
}
