// A code in front of the camera is read many times a second; it is one scan.

import { namesScheme } from "#core/index.ts";

const GONE_MS = 3_000;
// A poster stays on its wall, also behind each code that is held before it.
const POSTER_GONE_MS = 60_000;

/** Tells a code that came into view from one that is still there. */
export class Repeats {
  #lastSeen = new Map<string, number>();

  /** Take note of all that is in view; whether `chosen` came into view just now. */
  isNew(texts: string[], chosen: string, now: number): boolean {
    for (const [text, seen] of this.#lastSeen) {
      if (now - seen > (namesScheme(text) ? GONE_MS : POSTER_GONE_MS)) this.#lastSeen.delete(text);
    }
    const isNew = !this.#lastSeen.has(chosen);
    const there = texts.filter((text) => this.#lastSeen.has(text));
    for (const text of [...there, chosen]) this.#lastSeen.set(text, now);
    return isNew;
  }

  /** Let what is there be new once more, after a scan that came to nothing. */
  forget(): void {
    this.#lastSeen.clear();
  }
}
