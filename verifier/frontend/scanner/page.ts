// The page's elements and its phrases, which the server wrote in the reader's language.

import type { Failure } from "./api.ts";

/** The element with this id; the page and its script are made for each other. */
export function byId<T extends Element>(id: string, kind: abstract new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

export function fill(id: string, text: string): void {
  byId(id, HTMLElement).textContent = text;
}

const phrases = JSON.parse(byId("phrases", HTMLScriptElement).textContent ?? "") as Record<
  string,
  string
>;

export function phrase(name: string): string {
  const text = phrases[name];
  if (text === undefined) throw new Error(`the page has no phrase ${name}`);
  return text;
}

/** What to tell whoever stands at the door. */
export function sentenceOf({ said }: Failure): string {
  return "sentence" in said ? said.sentence : phrase(said.phrase);
}

export const language = document.documentElement.lang;
