// Clean the text of a camera, a handheld scanner or a keyboard: remove what they and copying add.

import { namesScheme } from "#core/index.ts";

// "Blanks" and "unseen" of docs/format.md. No code begins or ends in one.
const AROUND =
  /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\xad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff]/;
const FULL_WIDTH = /[\uff01-\uff5e]/g;
const FULL_WIDTH_IS_ABOVE_BY = 0xfee0;

/** The text as the issuer wrote it. A code has only capitals, so lower case comes from a keyboard. */
export function scanned(read: string): string {
  // A full-width keyboard also types a full-width space, and a space is a digit of Base45.
  const text = trimmed(read.replace(FULL_WIDTH, halfWidth).replaceAll("\u3000", " "));
  return namesScheme(text.slice(0, 4).toUpperCase()) ? text.toUpperCase() : text;
}

/** The text to judge, of those in view, nearest first: a health code before anything else. */
export function meant(texts: string[]): string | undefined {
  return texts.find((text) => namesScheme(scanned(text))) ?? texts[0];
}

function halfWidth(letter: string): string {
  return String.fromCharCode(letter.charCodeAt(0) - FULL_WIDTH_IS_ABOVE_BY);
}

function trimmed(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && AROUND.test(text.charAt(start))) start++;
  while (end > start && AROUND.test(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}
