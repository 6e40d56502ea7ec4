// The server's time as this device estimates it: its own clock, corrected by how far that clock was
// off at the server's last answer.

import { store } from "./store.ts";

const KEY = "clock";
// The server sends whole seconds, and its answer takes time, so less than this is no error.
const EXACT_MS = 2_000;
const MOVED_MS = 60_000;
const WRITE_EVERY_MS = 10_000;

interface KeptClock {
  offset: number | null;
  latest: number;
}

export class Clock {
  #offset: number | null = null;
  /** The latest time that this device's clock has shown. An earlier time means it was set back. */
  #latest = 0;
  #written = 0;
  // With `performance.now()`: a clock that runs while the page is open and that nobody can set.
  #runningSince = Date.now() - performance.now();

  async load(): Promise<void> {
    const kept = await store.read<KeptClock>("kept", KEY);
    this.#offset = kept?.offset ?? null;
    this.#latest = kept?.latest ?? 0;
  }

  /** Seconds since 1970. It never goes back, even when the device's clock is set back. */
  now(): number {
    return Math.floor((Math.max(Date.now(), this.#floor()) + (this.#offset ?? 0)) / 1000);
  }

  /** How far this device's clock is behind the server's, in seconds; null before its first answer. */
  get offsetSeconds(): number | null {
    return this.#offset === null ? null : Math.round(this.#offset / 1000);
  }

  /** Whether the clock was set back since the server's last answer, so that the time is unknown. */
  get wasSetBack(): boolean {
    return Date.now() < this.#floor() - MOVED_MS;
  }

  /**
   * Correct the clock: the server's answer says `seconds`. `askedAt` and `answeredAt` are the times
   * of the request and the answer by the device's clock, in milliseconds.
   */
  async heard(seconds: number, askedAt: number, answeredAt: number): Promise<void> {
    const now = Date.now();
    const offset = seconds * 1000 + 500 - (askedAt + answeredAt) / 2;
    this.#offset = Math.abs(offset) < EXACT_MS ? 0 : offset;
    this.#latest = now;
    this.#runningSince = now - performance.now();
    await this.#write();
  }

  /** Call this about every second, so that the latest time is still known after a reload. */
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
