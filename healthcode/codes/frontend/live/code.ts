// A code as the server sends it, and the time as the server knows it.

import type { Colour } from "#core/index.ts";
import { within } from "#web/patience.ts";

export interface Code {
  readonly code: string;
  readonly colour: Colour;
  readonly issued_at: string;
  readonly expires_at: string;
  readonly refresh_after: string;
  readonly reasons: readonly { readonly text: string }[];
}

// The server answered that there is no code to be had here: the page itself can say why.
export class Refused extends Error {}

const TIMEOUT = 10_000;
export const REFUSALS = [401, 403, 404, 409];

export async function fetchCode(url: string): Promise<Code> {
  return within(TIMEOUT, async (signal) => {
    const headers = { Accept: "application/json" };
    const response = await fetch(url, { headers, cache: "no-store", signal });
    if (REFUSALS.includes(response.status)) throw new Refused(String(response.status));
    if (!response.ok) throw new Error(String(response.status));
    return (await response.json()) as Code;
  });
}

// The server's clock, carried on from the moment a code arrived: a phone's own may be wrong, and
// only how much time passes on it is believed. Timers may stand still while a phone sleeps, and a
// wall clock may be set back, so the larger of the two counts.
export class ServerClock {
  readonly #start: number;
  readonly #timer = performance.now();
  readonly #wall = Date.now();

  constructor(start: number) {
    this.#start = start;
  }

  now(): number {
    const passed = Math.max(performance.now() - this.#timer, Date.now() - this.#wall);
    return this.#start + passed;
  }
}
