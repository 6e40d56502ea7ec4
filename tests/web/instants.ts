// Milliseconds on standard input, the instants as scripts say them on standard output.

import { readFileSync } from "node:fs";

import { instant } from "#web/instants.ts";

const asked = JSON.parse(readFileSync(0, "utf-8")) as number[];
console.log(JSON.stringify(asked.map(instant)));
