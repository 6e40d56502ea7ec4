// Fetch codes, and keep the server's time.

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

// The server refuses to give a code to this page or session.
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

// The server's clock, continued from the moment when a code arrived. A phone's own clock may be
// wrong, so this class only uses it to measure how much time has passed. Timers may stop while a
// phone sleeps, and somebody may set the clock back, so the larger of the two counts.
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
