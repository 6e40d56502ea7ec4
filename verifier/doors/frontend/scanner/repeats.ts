// A code in front of the camera is read many times a second; it is one scan.

const GONE_MS = 3000;

/** Tells a code that came into view from one that is still there. */
export class Repeats {
  #text = "";
  #lastSeen = -Infinity;

  isNew(text: string, now: number): boolean {
    const isNew = text !== this.#text || now - this.#lastSeen > GONE_MS;
    this.#text = text;
    this.#lastSeen = now;
    return isNew;
  }

  /** Let the code that is there be new once more, after a scan that came to nothing. */
  forget(): void {
    this.#text = "";
  }
}
