// What whoever stands at the door must know of the device: network, age of its data, clock, and
// scans that the server does not have yet.

import type { Clock } from "./clock.ts";
import type { Judging } from "./judging.ts";
import type { Heard } from "./knowledge.ts";
import { byId, fill, language, phrase } from "./page.ts";
import { ago } from "./verdict.ts";

const CLOCK_WRONG_SECONDS = 60;

export function showState(judging: Judging): void {
  const { clock, knowledge, outbox } = judging;
  const now = clock.now();
  const heard = knowledge.heard(now);
  fill("state-link", phrase(link(judging)));
  fill("state-data", age(heard[0], now));
  fill("state-clock", offset(clock.offsetSeconds));
  fill("state-queue", outbox.count === 0 ? "" : `${phrase("waiting-scans")} ${outbox.count}`);
  const warning = judging.isDeceived ? phrase("not-signed") : (warningOf(clock) ?? stale(heard));
  byId("state-warning", HTMLElement).hidden = warning === "";
  // Said once, and not again every second to whoever listens to the page.
  if (byId("state-warning", HTMLElement).textContent !== warning) fill("state-warning", warning);
}

function link({ isReached, knowledge }: Judging): string {
  if (isReached) return "online";
  return knowledge.isThere ? "offline" : "unreachable";
}

function age(freshest: Heard | undefined, now: number): string {
  if (freshest === undefined || freshest.asOf === 0) return phrase("no-data");
  return `${phrase("data")} ${ago(Math.max(0, now - freshest.asOf))}`;
}

function offset(seconds: number | null): string {
  if (seconds === null) return "";
  if (seconds === 0) return phrase("clock-right");
  const amount = new Intl.NumberFormat(language, { style: "unit", unit: "second" });
  const direction = phrase(seconds > 0 ? "clock-behind" : "clock-ahead");
  return `${direction} ${amount.format(Math.abs(seconds))}`;
}

function warningOf(clock: Clock): string | null {
  if (clock.wasSetBack) return phrase("clock-moved");
  const isWrong = Math.abs(clock.offsetSeconds ?? 0) > CLOCK_WRONG_SECONDS;
  return isWrong ? phrase("clock-wrong") : null;
}

function stale(heard: Heard[]): string {
  const old = heard.filter(({ isStale }) => isStale);
  if (old.length === 0) return "";
  if (old.length === heard.length) return phrase("too-old");
  return `${phrase("too-old-of")} ${old.map(({ issuer }) => issuer).join(", ")}`;
}
