// Draws the live page and the pocket page. The page supplies the words in the reader's language.

import { correction, generate, mode } from "lean-qr";
import { writeInstant } from "#web/instants.ts";
import { language } from "#web/page.ts";
import type { Code } from "./code.ts";

export interface Texts {
  readonly second: string; // "{seconds} s ago"
  readonly minute: string; // "{minutes} min {seconds} s ago"
  readonly offline: string; // with {time}
  readonly expired: string;
  readonly back: string;
  readonly changed: string; // with {colour}
  readonly colours: Readonly<Record<Code["colour"], string>>;
}

export type ScreenState = "fresh" | "offline" | "expired";

const QUIET_ZONE = 4;
const CLOCK = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZone: "Asia/Shanghai",
});

export class Screen {
  readonly #root: HTMLElement;
  readonly #texts: Texts;
  #state: ScreenState = "fresh";

  constructor(root: HTMLElement, texts: Texts) {
    this.#root = root;
    this.#texts = texts;
  }

  show(code: Code): void {
    const before = this.#root.dataset["colour"];
    this.#root.dataset["colour"] = code.colour;
    this.#paint();
    this.#draw(code.code);
    this.#part("until").textContent = writeInstant(Date.parse(code.expires_at), language);
    this.#part("reasons").replaceChildren(...code.reasons.map(({ text }) => item(text)));
    if (before !== code.colour) {
      this.#say(this.#texts.changed.replace("{colour}", this.#texts.colours[code.colour]));
    }
  }

  // Called every second. The clock is outside the live region, so that screen readers do not read
  // it out.
  tick(now: number, code: Code): void {
    const age = Math.max(0, Math.floor((now - Date.parse(code.issued_at)) / 1000));
    this.#part("clock").textContent = clockTime(now);
    this.#part("age").textContent = this.#age(age);
    this.#root.style.setProperty("--second", String(Math.floor(now / 1000) % 10));
  }

  // Announces a state once, when it begins.
  enter(state: ScreenState, code: Code): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#paint();
    const until = writeInstant(Date.parse(code.expires_at), language);
    const news: Record<ScreenState, string> = {
      fresh: this.#texts.back,
      offline: this.#texts.offline.replace("{time}", until),
      expired: this.#texts.expired,
    };
    this.#say(news[state]);
  }

  #paint(): void {
    document.body.className = `live-page live-${this.#root.dataset["colour"]} live-${this.#state}`;
  }

  #draw(code: string): void {
    const symbol = generate(mode.alphaNumeric(code), {
      minCorrectionLevel: correction.M,
      maxCorrectionLevel: correction.M,
    });
    const canvas = this.#part("picture") as HTMLCanvasElement;
    symbol.toCanvas(canvas, { on: [0, 0, 0], off: [255, 255, 255], pad: QUIET_ZONE });
    canvas.hidden = false;
  }

  #age(seconds: number): string {
    const text = seconds < 60 ? this.#texts.second : this.#texts.minute;
    return text
      .replace("{minutes}", String(Math.floor(seconds / 60)))
      .replace("{seconds}", String(seconds % 60));
  }

  #say(text: string): void {
    this.#part("news").textContent = text;
  }

  #part(name: string): HTMLElement {
    return partOf(this.#root, name);
  }
}

/** The element that the page marks with `data-part`. */
export function partOf(root: ParentNode, name: string): HTMLElement {
  const part = root.querySelector<HTMLElement>(`[data-part="${name}"]`);
  if (part === null) throw new Error(`the page has no part ${name}`);
  return part;
}

function clockTime(at: number): string {
  return CLOCK.format(at);
}

function item(text: string): HTMLLIElement {
  const element = document.createElement("li");
  element.textContent = text;
  return element;
}
