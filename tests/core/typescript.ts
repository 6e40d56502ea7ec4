// The TypeScript port against the shared vectors, in Node. Reads one JSON document from standard
// input: {vectors, generated}; prints what differs, one line each, and a count at the end.

import { fromBase45 } from "../../verifier/frontend/core/bytes.ts";
import {
  type Door,
  Malformed,
  NotTrusted,
  parseJwkSet,
  parseStatusList,
  parseTrustList,
  RULES,
  Statuses,
  type Trust,
  verify,
  WentBackwards,
} from "../../verifier/frontend/core/index.ts";
