// Make what a phone shows of a code that is bound to it: docs/format.md, section 4.

import { type Bytes, fromBase45, toBase45 } from "./bytes.ts";
import { encode } from "./cbor.ts";
import { ES256, lowered } from "./cose.ts";

/** Return the text for a picture at `madeAt` (seconds since 1970) of the bound code `code`. */
export async function present(code: string, madeAt: number, phone: CryptoKey): Promise<string> {
  const shielded = encode(new Map([[1, ES256]]));
  const payload = encode([madeAt, fromBase45(code.slice(4))]);
  const signed = encode(["Signature1", shielded, new Uint8Array(), payload]);
  const made = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, phone, signed);
  const signature = lowered(new Uint8Array(made));
  const proof: Bytes = encode([shielded, new Map(), payload, signature]);
  return `JK2:${toBase45(proof)}`;
}
