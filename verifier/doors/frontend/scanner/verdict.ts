// Show the verdict over the whole screen, with colour, shape and word, and have it read aloud.

import { writeInstant } from "#web/instants.ts";
import { GAP, byId, fill, language } from "#web/page.ts";
import { phrase } from "#web/phrases.ts";
import type { Outcome, ShownVerdict } from "./api.ts";

type Look = Outcome | "none" | "no-code" | "waiting";

// A quick answer shows no "Checking…" first, because that would only flicker.
const WAITING_SHOWS_MS = 250;
// Up to this age it is shown in seconds, so that staff see whether a code is live or an old picture.
const LIVING_SECONDS = 600;
const RELATIVE = new Intl.RelativeTimeFormat(language, { numeric: "always" });
const AGE_UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export class VerdictView {
  #panel = byId("verdict", HTMLElement);
  #timer = 0;

  constructor() {
    this.#panel.addEventListener("click", () => {
      if (this.#panel.dataset["look"] !== "waiting") this.#hide();
    });
  }

  /** Hide the last verdict at once, so that nobody takes it for the next person's. */
  wait(): void {
    this.#hide();
    this.#timer = window.setTimeout(() => {
      this.#open("waiting", { word: phrase("waiting"), who: "", age: "", sentence: "" });
    }, WAITING_SHOWS_MS);
  }

  show(verdict: ShownVerdict, staysMs: number): void {
    const texts = {
      word: phrase(verdict.outcome),
      who: verdict.holder ?? "",
      age: verdict.age_seconds === null ? "" : `${phrase("made")}${GAP}${madeAgo(verdict.age_seconds)}`,
      sentence: verdict.message,
    };
    this.#open(verdict.outcome, texts);
    this.#panel.dataset["reason"] = verdict.reason;
    this.#close(staysMs, texts);
  }

  /** Show that the text is no health code. This refuses nobody. */
  showNoCode(sentence: string, staysMs: number): void {
    this.#say("no-code", sentence, staysMs);
  }

  fail(sentence: string, staysMs: number): void {
    this.#say("none", sentence, staysMs);
  }

  #say(look: "none" | "no-code", sentence: string, staysMs: number): void {
    const texts = { word: phrase(look), who: "", age: "", sentence };
    this.#open(look, texts);
    this.#close(staysMs, texts);
  }

  #open(look: Look, texts: { word: string; who: string; age: string; sentence: string }): void {
    clearTimeout(this.#timer);
    this.#panel.dataset["look"] = look;
    delete this.#panel.dataset["reason"];
    this.#panel.hidden = false;
    fill("verdict-word", texts.word);
    fill("verdict-who", texts.who);
    fill("verdict-age", texts.age);
    fill("verdict-sentence", texts.sentence);
  }

  #close(staysMs: number, texts: { word: string; who: string; sentence: string }): void {
    const time = writeInstant(Date.now(), language);
    fill("announcement", [texts.word, texts.sentence, texts.who].filter(Boolean).join(" "));
    fill("last", [time, texts.word, texts.who].filter(Boolean).join(" · "));
    this.#timer = window.setTimeout(() => this.#hide(), staysMs);
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.#panel.hidden = true;
    fill("announcement", "");
  }
}

/** The age of a code, in seconds while it is as young as a live code. */
function madeAgo(seconds: number): string {
  return seconds < LIVING_SECONDS ? RELATIVE.format(-seconds, "second") : ago(seconds);
}

/** "40 seconds ago", in the page's language. */
export function ago(seconds: number): string {
  for (const [unit, length] of AGE_UNITS) {
    if (seconds >= 2 * length) return RELATIVE.format(-Math.floor(seconds / length), unit);
  }
  return RELATIVE.format(-seconds, "second");
}
