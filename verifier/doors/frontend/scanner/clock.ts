// The time by the server's clock, as this device knows it: its own clock, and how far that was off
// when the server was last heard.

import { store } from "./store.ts";

const KEY = "clock";
// The server tells whole seconds, and its answer takes a while: less is no difference.
const EXACT_MS = 2_000;
const MOVED_MS = 60_000;
const WRITE_EVERY_MS = 10_000;

interface KeptClock {
  offset: number | null;
  latest: number;
}

export class Clock {
  #offset: number | null = null;
  /** The latest time this device's clock ever showed: below that it was set back. */
  #latest = 0;
  #written = 0;
  // A clock that runs while the page is open and that nobody can set.
  #runningSince = Date.now() - performance.now();

  async load(): Promise<void> {
    const kept = await store.read<KeptClock>("kept", KEY);
    this.#offset = kept?.offset ?? null;
    this.#latest = kept?.latest ?? 0;
  }

  /** Seconds since 1970. It never goes back, whatever is done to the device's clock. */
  now(): number {
    return Math.floor((Math.max(Date.now(), this.#floor()) + (this.#offset ?? 0)) / 1000);
  }

  /** How far this device's clock is behind the server's, in seconds; null before it was heard. */
  get offsetSeconds(): number | null {
    return this.#offset === null ? null : Math.round(this.#offset / 1000);
  }

  /** Whether the clock was set back since the server was heard, so that nobody knows the time. */
  get wasSetBack(): boolean {
    return Date.now() < this.#floor() - MOVED_MS;
  }

  /** The server said it was `seconds`; asked and answered at these times by the device's clock. */
  async heard(seconds: number, askedAt: number, answeredAt: number): Promise<void> {
    const now = Date.now();
    const offset = seconds * 1000 + 500 - (askedAt + answeredAt) / 2;
    this.#offset = Math.abs(offset) < EXACT_MS ? 0 : offset;
    this.#latest = now;
    this.#runningSince = now - performance.now();
    await this.#write();
  }

  /** To be called every second or so, so that the latest time survives the page. */
  async tick(): Promise<void> {
    this.#latest = this.#floor();
    if (Math.abs(this.#latest - this.#written) >= WRITE_EVERY_MS) await this.#write();
  }

  #floor(): number {
    const running = this.#runningSince + performance.now();
    const shown = Date.now();
    return Math.max(this.#latest, running, shown);
  }

  async #write(): Promise<void> {
    this.#written = this.#latest;
    const kept: KeptClock = { offset: this.#offset, latest: this.#latest };
    await store.write("kept", KEY, kept);
  }
}
