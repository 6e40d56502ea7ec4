// A code taken along: without network on either side, and still not to be copied.
//
// The phone keeps a code of the day that is bound to its key, and signs the time anew for each
// picture (docs/format.md, section 4).

import { present } from "#core/present.ts";
import { keepAwake } from "#web/awake.ts";
import { byId, written } from "#web/page.ts";
import { clockTime, partOf, Screen, type Texts } from "./live/screen.ts";
import { keepPage } from "./pocket/install.ts";
import { forget, read, write, type Held } from "./pocket/store.ts";
import { take, Unreachable } from "./pocket/take.ts";

interface PocketTexts extends Texts {
  readonly kept: string; // with {time}
  readonly stale: string;
  readonly nothing: string;
  readonly unable: string;
}

const SECOND = 1000;
const DRAWN_FOR = 20 * SECOND;
const DAY = 86_400 * SECOND;

class Pocket {
  readonly #screen: Screen;
  readonly #texts: PocketTexts;
  #held: Held;
  #drawnAt = -Infinity;

  constructor(screen: Screen, texts: PocketTexts, held: Held) {
    this.#screen = screen;
    this.#texts = texts;
    this.#held = held;
    part("holder").textContent = held.holder;
    byId("live", HTMLElement).dataset["colour"] = held.colour;
    part("kept").textContent = texts.kept.replace("{time}", day(held.expiresAt));
    void this.#tick();
  }

  async #tick(): Promise<void> {
    const now = this.#now();
    if (now >= this.#held.expiresAt) return say(this.#texts.stale, true);
    if (now - this.#drawnAt >= DRAWN_FOR || now < this.#drawnAt) await this.#draw(now);
    this.#screen.tick(now, this.#shown());
    setTimeout(() => void this.#tick(), SECOND - (now % SECOND));
  }

  async #draw(now: number): Promise<void> {
    const text = await present(this.#held.code, Math.floor(now / SECOND), this.#held.key);
    this.#drawnAt = now;
    this.#screen.show(this.#shown(text));
  }

  #shown(code = "") {
    const until = new Date(this.#held.expiresAt).toISOString();
    const { colour } = this.#held;
    const issued_at = new Date(this.#drawnAt).toISOString();
    return { code, colour, issued_at, expires_at: until, refresh_after: until, reasons: [] };
  }

  // The server's time, carried on by this phone's clock since the code was taken along.
  #now(): number {
    return Date.now() + this.#held.ahead;
  }
}

async function start(texts: PocketTexts): Promise<void> {
  const wanted = location.hash.slice(1);
  let held = await read();
  const other = wanted !== "" && held?.person !== wanted;
  const aged = held !== undefined && Date.now() + held.ahead > held.expiresAt - DAY / 2;
  if (wanted !== "" && (other || aged)) {
    try {
      held = await take(wanted);
      await write(held);
      await keepPage(byId("live", HTMLElement).dataset["worker"] ?? "");
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      // Somebody else's code is not shown in the place of the one that was asked for.
      if (other) held = undefined;
    }
  }
  if (held === undefined) return say(texts.nothing, true);
  part("forget").addEventListener("click", () => {
    void forget().then(() => {
      location.hash = "";
      location.reload();
    });
  });
  new Pocket(new Screen(byId("live", HTMLElement), texts), texts, held);
  keepAwake();
}

function say(text: string, isEnd = false): void {
  part("news").textContent = text;
  if (isEnd) document.body.className = "live-page live-expired";
}

function part(name: string): HTMLElement {
  return partOf(document, name);
}

function day(at: number): string {
  return `${new Date(at).toISOString().slice(0, 10)} ${clockTime(at)}`;
}

const texts = written<PocketTexts>("live-texts");
// Browsers give keys and storage only to pages that came over https.
if (globalThis.crypto?.subtle === undefined) say(texts.unable, true);
else void start(texts);
