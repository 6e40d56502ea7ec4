// Verify health codes in the browser, offline, with public keys alone. Ported from healthcode.core.

export { Malformed, NotTrusted, WentBackwards } from "./bytes.ts";
export { type Colour, type HealthCode, isCertificate, type Kind, namesScheme, readCode } from "./codes.ts";
export { present } from "./present.ts";
export { parseStatusList, Statuses, type ParsedStatusList } from "./status.ts";
export { type Key, type Outcome, parseJwkSet, parseTrustList, type Trust } from "./trust.ts";
export { type Door, type Reason, readRules, type Rules, type Verdict, verify } from "./verify.ts";
