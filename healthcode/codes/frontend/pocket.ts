// The pocket page: shows a saved code without a network at the phone or at the door.
//
// The phone stores a code for one day that is bound to its key, and signs the time again for each
// picture, so a copy is of no use (docs/format.md, section 4).

import { present } from "#core/present.ts";
import { keepAwake } from "#web/awake.ts";
import { writeInstant } from "#web/instants.ts";
import { byId, language, written } from "#web/page.ts";
import { Refused } from "./live/code.ts";
import { partOf, Screen, type Texts } from "./live/screen.ts";
import { keepPage } from "./pocket/install.ts";
import { forget, read, write, type KeptCode } from "./pocket/store.ts";
import { take, Unreachable } from "./pocket/take.ts";

interface PocketTexts extends Texts {
  readonly kept: string; // with {time}
  readonly unchecked: string; // with {time}
  readonly stale: string;
  readonly gone: string;
  readonly nothing: string;
  readonly unable: string;
}

const SECOND = 1000;
const DRAWN_FOR = 20 * SECOND;
const TAKEN_ANEW_AFTER = 120 * SECOND;

class Pocket {
  readonly #screen: Screen;
  readonly #texts: PocketTexts;
  #held: KeptCode;
  #drawnAt = -Infinity;
  #askedAt = Date.now();
  #isOver = false;

  constructor(screen: Screen, texts: PocketTexts, held: KeptCode, isChecked: boolean) {
    this.#screen = screen;
    this.#texts = texts;
    this.#held = held;
    this.#tell(isChecked);
    void this.#tick();
  }

  /**
   * Ask the server for the current colour. The older colour stays only if the server does not
   * answer.
   */
  async check(): Promise<void> {
    this.#askedAt = Date.now();
    const { held, isChecked } = await renewed(this.#held.person, this.#held);
    if (held === undefined) return this.#end(this.#texts.gone);
    if (held !== this.#held) this.#drawnAt = -Infinity;
    this.#held = held;
    this.#tell(isChecked);
  }

  #tell(isChecked: boolean): void {
    part("holder").textContent = this.#held.holder;
    byId("live", HTMLElement).dataset["colour"] = this.#held.colour;
    const until = writeInstant(this.#held.expiresAt, language);
    part("kept").textContent = this.#texts.kept.replace("{time}", until);
    const time = writeInstant(this.#held.takenAt, language);
    say(isChecked ? "" : this.#texts.unchecked.replace("{time}", time));
  }

  #end(text: string): void {
    this.#isOver = true;
    end(text);
  }

  async #tick(): Promise<void> {
    if (this.#isOver) return;
    const now = this.#now();
    if (now >= this.#held.expiresAt) return this.#end(this.#texts.stale);
    if (now - this.#drawnAt >= DRAWN_FOR || now < this.#drawnAt) await this.#draw(now);
    this.#screen.tick(now, this.#shown());
    if (!document.hidden && Date.now() - this.#askedAt >= TAKEN_ANEW_AFTER) void this.check();
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

  // The server's time: its time when the code was saved, plus what this phone's clock has measured
  // since.
  #now(): number {
    return Date.now() + this.#held.ahead;
  }
}

/** Fetch a new code for this person, or return the held one if the server does not answer. */
async function renewed(
  person: string,
  held: KeptCode | undefined,
): Promise<{ held: KeptCode | undefined; isChecked: boolean }> {
  try {
    const taken = await take(person);
    await write(taken);
    await keepPage(byId("live", HTMLElement).dataset["worker"] ?? "");
    return { held: taken, isChecked: true };
  } catch (error) {
    if (error instanceof Unreachable) return { held, isChecked: false };
    if (!(error instanceof Refused)) throw error;
    await forget();
    return { held: undefined, isChecked: true };
  }
}

async function start(texts: PocketTexts): Promise<void> {
  const kept = await read();
  const person = location.hash.slice(1) || kept?.person;
  if (person === undefined) return end(texts.nothing);
  // The page must not show another person's stored code in place of the one it was opened for.
  const own = kept?.person === person ? kept : undefined;
  const { held, isChecked } = await renewed(person, own);
  if (held === undefined) return end(isChecked ? texts.gone : texts.nothing);
  part("forget").addEventListener("click", () => {
    void forget().then(() => {
      location.hash = "";
      location.reload();
    });
  });
  const pocket = new Pocket(new Screen(byId("live", HTMLElement), texts), texts, held, isChecked);
  addEventListener("online", () => void pocket.check());
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) void pocket.check();
  });
  keepAwake();
}

function end(text: string): void {
  say(text);
  document.body.className = "live-page live-expired";
  byId("live", HTMLElement).removeAttribute("data-colour");
  part("picture").hidden = true;
}

function say(text: string): void {
  part("news").textContent = text;
}

function part(name: string): HTMLElement {
  return partOf(document, name);
}

const texts = written<PocketTexts>("live-texts");
// Browsers offer keys and storage only to pages loaded over https.
if (globalThis.crypto?.subtle === undefined) end(texts.unable);
else void start(texts);
