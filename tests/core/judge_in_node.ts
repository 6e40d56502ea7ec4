// Read a document of vectors on standard input, and print the verifier's answers.

import { readFileSync } from "node:fs";

import { answers, type Vectors } from "./judge.ts";

console.log(JSON.stringify(await answers(JSON.parse(readFileSync(0, "utf-8")) as Vectors)));
