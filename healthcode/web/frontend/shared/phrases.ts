// The sentences for this page's scripts. The server writes them in the reader's language.

import { written } from "./page.ts";

const phrases = written<Record<string, string>>("phrases");

export function phrase(name: string): string {
  const text = phrases[name];
  if (text === undefined) throw new Error(`the page has no phrase ${name}`);
  return text;
}
