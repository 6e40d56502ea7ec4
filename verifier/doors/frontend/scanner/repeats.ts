// The camera reads a code many times a second. This class makes one scan of these readings.

import { namesScheme } from "#core/index.ts";

const GONE_MS = 3_000;
// A poster is hidden each time somebody holds a code before it, but it stays on its wall.
const POSTER_GONE_MS = 60_000;

/** Tells a code that came into view from one that is still in view. */
export class Repeats {
  #lastSeen = new Map<string, number>();

  /** Note all texts in view. Returns whether `chosen` came into view just now. */
  isNew(texts: string[], chosen: string, now: number): boolean {
    for (const [text, seen] of this.#lastSeen) {
      if (now - seen > (namesScheme(text) ? GONE_MS : POSTER_GONE_MS)) this.#lastSeen.delete(text);
    }
    const isNew = !this.#lastSeen.has(chosen);
    const there = texts.filter((text) => this.#lastSeen.has(text));
    for (const text of [...there, chosen]) this.#lastSeen.set(text, now);
    return isNew;
  }

  /** Treat everything in view as new again, after a scan that failed. */
  forget(): void {
    this.#lastSeen.clear();
  }
}
