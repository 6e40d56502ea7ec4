// Reads milliseconds from standard input, and prints each instant in Chinese and in English.

import { readFileSync } from "node:fs";

import { writeInstant } from "#web/instants.ts";

const asked = JSON.parse(readFileSync(0, "utf-8")) as number[];
const written = asked.map((at) => [writeInstant(at, "zh-hans"), writeInstant(at, "en")]);
console.log(JSON.stringify(written));
