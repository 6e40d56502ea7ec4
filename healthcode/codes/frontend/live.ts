// The live code page: draws the code that the server signed, renews it in time, and shows that it
// is live.

import { keepAwake } from "#web/awake.ts";
import { written } from "#web/page.ts";
import { fetchCode, Refused, ServerClock, type Code } from "./live/code.ts";
import { Screen, type Texts } from "./live/screen.ts";

const SECOND = 1000;
const RETRY_FIRST = 3 * SECOND;
const RETRY_MOST = 30 * SECOND;

class LiveCode {
  readonly #url: string;
  readonly #screen: Screen;
  #code: Code;
  #clock: ServerClock;
  #renewAt: number;
  #retryIn = RETRY_FIRST;
  #renewing = false;
  #failing = false;

  constructor(url: string, screen: Screen, code: Code) {
    this.#url = url;
    this.#screen = screen;
    this.#code = code;
    this.#clock = new ServerClock(Date.parse(code.issued_at));
    this.#renewAt = Date.parse(code.refresh_after);
    screen.show(code);
    this.#tick();
  }

  // A phone that wakes up or has a connection again renews at once, without waiting for the next
  // try.
  wake(): void {
    if (this.#failing) this.#renewAt = 0;
    this.#look();
  }

  #tick(): void {
    this.#look();
    setTimeout(() => this.#tick(), SECOND - (this.#clock.now() % SECOND));
  }

  #look(): void {
    const now = this.#clock.now();
    if (now >= this.#renewAt) void this.#renew();
    if (now >= Date.parse(this.#code.expires_at)) this.#screen.enter("expired", this.#code);
    this.#screen.tick(now, this.#code);
  }

  async #renew(): Promise<void> {
    if (this.#renewing) return;
    this.#renewing = true;
    try {
      this.#accept(await fetchCode(this.#url));
    } catch (error) {
      // The reloaded page says what to do: log in again, or declare first.
      if (error instanceof Refused) location.reload();
      this.#fail();
    } finally {
      this.#renewing = false;
    }
  }

  #accept(code: Code): void {
    this.#code = code;
    this.#clock = new ServerClock(Date.parse(code.issued_at));
    this.#renewAt = Date.parse(code.refresh_after);
    this.#retryIn = RETRY_FIRST;
    this.#failing = false;
    this.#screen.enter("fresh", code);
    this.#screen.show(code);
  }

  #fail(): void {
    const now = this.#clock.now();
    this.#failing = true;
    this.#renewAt = now + this.#retryIn;
    this.#retryIn = Math.min(2 * this.#retryIn, RETRY_MOST);
    if (now < Date.parse(this.#code.expires_at)) this.#screen.enter("offline", this.#code);
  }
}

const root = document.getElementById("live");
if (root?.dataset["url"]) {
  const screen = new Screen(root, written<Texts>("live-texts"));
  const live = new LiveCode(root.dataset["url"], screen, written<Code>("live-code"));
  addEventListener("online", () => live.wake());
  document.addEventListener("visibilitychange", () => live.wake());
  keepAwake();
}
