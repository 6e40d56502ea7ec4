// What staff must know about the device: its network, the age of its data, its clock, the scans that
// it has not sent yet, and codes that may have been shown as copies.

import { writeInstant } from "#web/instants.ts";
import { COMMA, GAP, byId, fill, language } from "#web/page.ts";
import { phrase } from "#web/phrases.ts";
import type { Doubt } from "./bundle.ts";
import type { Judging } from "./judging.ts";
import type { IssuerFreshness } from "./knowledge.ts";
import { ago } from "./verdict.ts";

const CLOCK_WRONG_SECONDS = 60;

export function showState(judging: Judging): void {
  const { clock, knowledge, outbox } = judging;
  const now = clock.now();
  const heard = knowledge.heard(now);
  fill("state-link", phrase(link(judging)));
  fill("state-data", age(heard[0], now));
  fill("state-clock", offset(clock.offsetSeconds));
  fill("state-queue", outbox.count === 0 ? "" : `${phrase("waiting-scans")}${GAP}${outbox.count}`);
  showDoubts(knowledge.doubts(now));
  const warning = warningOf(judging) ?? stale(heard);
  byId("state-warning", HTMLElement).hidden = warning === "";
  // Changed only when it differs, or a screen reader would read it every second.
  if (byId("state-warning", HTMLElement).textContent !== warning) fill("state-warning", warning);
}

function showDoubts(doubts: Doubt[]): void {
  const list = byId("state-doubts", HTMLElement);
  const lines = doubts.map(lineOf);
  // Changed only when they differ, like the warning.
  if ([...list.children].map((line) => line.textContent).join() === lines.join()) return;
  list.replaceChildren(...lines.map(paragraph));
}

function lineOf({ kind, scans, lastAt, doors }: Doubt): string {
  const time = writeInstant(lastAt * 1000, language);
  const sentence = phrase(`doubt-${kind}`).replace("{times}", String(scans));
  return [time, doors.join(COMMA), sentence].filter(Boolean).join(" · ");
}

function paragraph(text: string): HTMLElement {
  const line = document.createElement("p");
  line.className = "warning";
  line.textContent = text;
  return line;
}

function link({ isReached, knowledge }: Judging): string {
  if (isReached) return "online";
  return knowledge.isThere ? "offline" : "unreachable";
}

function age(freshest: IssuerFreshness | undefined, now: number): string {
  if (freshest === undefined || freshest.asOf === 0) return phrase("no-data");
  return `${phrase("data")}${GAP}${ago(Math.max(0, now - freshest.asOf))}`;
}

function offset(seconds: number | null): string {
  if (seconds === null) return phrase("clock-unknown");
  if (seconds === 0) return phrase("clock-right");
  const amount = new Intl.NumberFormat(language, { style: "unit", unit: "second" });
  const direction = phrase(seconds > 0 ? "clock-behind" : "clock-ahead");
  return `${direction}${GAP}${amount.format(Math.abs(seconds))}`;
}

function warningOf({ clock, isDeceived, isFull }: Judging): string | null {
  if (isDeceived) return phrase("not-signed");
  if (isFull) return phrase("disk-full");
  if (clock.wasSetBack) return phrase("clock-moved");
  const isWrong = Math.abs(clock.offsetSeconds ?? 0) > CLOCK_WRONG_SECONDS;
  return isWrong ? phrase("clock-wrong") : null;
}

function stale(heard: IssuerFreshness[]): string {
  const old = heard.filter(({ isStale }) => isStale);
  if (old.length === 0) return "";
  if (old.length === heard.length) return phrase("too-old");
  return `${phrase("too-old-of")}${GAP}${old.map(({ issuer }) => issuer).join(COMMA)}`;
}
