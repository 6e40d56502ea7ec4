// Save a code on this phone: make a key here, and have the server bind a code for one day to it.

import { within } from "#web/patience.ts";
import { type Code, Refused, REFUSALS } from "../live/code.ts";
import type { KeptCode } from "./store.ts";

/** The server did not answer, or cannot answer now. */
export class Unreachable extends Error {}

const TIMEOUT = 10_000;

/** Make a new key, and fetch a code of `person` bound to it. Throws Unreachable, Refused. */
export async function take(person: string): Promise<KeptCode> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, [
    "sign",
    "verify",
  ]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const issued = await bound(person, { kty, crv, x, y });
  return {
    person,
    key: pair.privateKey,
    code: issued.code,
    colour: issued.colour,
    holder: issued.holder,
    takenAt: Date.parse(issued.issued_at),
    expiresAt: Date.parse(issued.expires_at),
    ahead: Date.parse(issued.issued_at) - Math.floor(Date.now() / 1000) * 1000,
  };
}

async function bound(person: string, key: Readonly<Record<string, unknown>>): Promise<Code & { holder: string }> {
  const response = await posted(`/people/${encodeURIComponent(person)}/phone-code`, key);
  if (response.ok) return (await response.json()) as Code & { holder: string };
  // A proxy in between may refuse too. Only the service's own problem document removes the code.
  const isOurs = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  const isRefused = isOurs && REFUSALS.includes(response.status);
  throw new (isRefused ? Refused : Unreachable)(String(response.status));
}

async function posted(address: string, content: object): Promise<Response> {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrfToken() };
  const body = JSON.stringify(content);
  try {
    return await within(TIMEOUT, (signal) => fetch(address, { method: "POST", headers, body, signal }));
  } catch (error) {
    throw new Unreachable(String(error));
  }
}

function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";
}
