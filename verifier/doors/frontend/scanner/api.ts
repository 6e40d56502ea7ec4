// Calls of the server. Every failure has a sentence, and no failure looks like a verdict. The service
// worker uses this file too, so nothing in it needs a page.

import { hex } from "#core/bytes.ts";
import type { Colour, Outcome } from "#core/index.ts";
import { within } from "#web/patience.ts";

export interface Device {
  token: string;
  device: number;
  venue: number;
  venue_name: string;
}

export type { Outcome };

export interface ShownVerdict {
  id: string;
  outcome: Outcome;
  reason: string;
  colour: Colour | null;
  holder: string | null;
  issued_at: string | null;
  age_seconds: number | null;
  message: string;
}

export interface Failure {
  /** The server's sentence, in the reader's language, or the name of one of the page's phrases. */
  said: { sentence: string } | { phrase: string };
  notEnrolled: boolean;
  /** Whether the network failed, or the server is overloaded or broken. */
  unreachable: boolean;
}

/** A scan that was judged without network, in the form that the server accepts. */
export interface OfflineScan {
  id: string;
  code: string;
  scanned_at: string;
  given_outcome: Outcome;
  given_reason: string;
}

const TIMEOUT_MS = 4000;
// A door that can judge by itself waits only briefly, because people stand at it.
const SHORT_TIMEOUT_MS = 1200;
const OUTCOMES = Object.keys({ pass: 0, caution: 0, refuse: 0 } satisfies Record<Outcome, 0>);
const TOO_MANY_REQUESTS = 429;
let language = navigator.language;

/** Ask the server for the page's language. The worker, which has no page, gets the browser's. */
export function speak(pageLanguage: string): void {
  language = pageLanguage;
}

export function isFailure(answer: object): answer is Failure {
  return "said" in answer;
}

export async function enrol(code: string): Promise<Device | Failure> {
  return post<Device>("/api/v1/devices/enrol", { enrolment_code: code }, null);
}

/** End the token of a device that leaves its venue. Returns the failure, or null on success. */
export async function endToken(token: string): Promise<Failure | null> {
  const request = { method: "DELETE", headers: headersFor(token) };
  const answer = await ask("/api/v1/devices/token", request, TIMEOUT_MS, async () => ({}));
  return isFailure(answer) ? answer : null;
}

/** Have the server judge a code. A second try has the same id, so the scan is recorded once. */
export async function requestVerdict(
  token: string,
  scan: { id: string; code: string },
  canJudgeAlone: boolean,
): Promise<ShownVerdict | Failure> {
  const patience = canJudgeAlone ? SHORT_TIMEOUT_MS : TIMEOUT_MS;
  let answer = await post<ShownVerdict>("/api/v1/scans", scan, token, patience);
  if (!canJudgeAlone && isFailure(answer) && isSilence(answer)) {
    answer = await post<ShownVerdict>("/api/v1/scans", scan, token);
  }
  if (!isFailure(answer) && !OUTCOMES.includes(answer.outcome)) return failure("not-understood");
  return answer;
}

/** Send offline scans. Returns the ids of the answered ones, or null when the call failed. */
export async function sendScans(token: string, scans: OfflineScan[]): Promise<string[] | null> {
  const answer = await post<{ results?: { id: unknown }[] }>(
    "/api/v1/scans/batch",
    { scans },
    token,
    5 * TIMEOUT_MS,
  );
  if (isFailure(answer) || !Array.isArray(answer.results)) return null;
  const sent = new Set(scans.map(({ id }) => id));
  return answer.results.map(({ id }) => String(id)).filter((id) => sent.has(id));
}

/** Fetch the signed bundle of this door and the public keys of the service. */
export async function fetchBundle(
  token: string,
): Promise<{ bundle: string; keys: unknown } | Failure> {
  return get("/api/v1/devices/bundle", token, async (response) => {
    const answer = (await response.json()) as { bundle?: unknown; keys?: unknown } | null;
    if (typeof answer?.bundle !== "string") throw new SyntaxError("no bundle");
    return { bundle: answer.bundle, keys: answer.keys };
  });
}

export async function fetchStatusList(
  token: string,
  uri: string,
): Promise<{ token: Uint8Array<ArrayBuffer>; version: string } | Failure> {
  const path = `/api/v1/devices/status-list?uri=${encodeURIComponent(uri)}`;
  return get(path, token, async (response) => ({
    token: new Uint8Array(await response.arrayBuffer()),
    version: (response.headers.get("ETag") ?? "").replaceAll('"', ""),
  }));
}

function post<T extends object>(
  path: string,
  body: object,
  token: string | null,
  patienceMs = TIMEOUT_MS,
): Promise<T | Failure> {
  const headers = { ...headersFor(token), "Content-Type": "application/json" };
  const request = { method: "POST", headers, body: JSON.stringify(body) };
  return ask(path, request, patienceMs, async (response) => {
    const answer: unknown = await response.json();
    if (typeof answer !== "object" || answer === null) throw new SyntaxError("no object");
    return answer as T;
  });
}

function get<T extends object>(
  path: string,
  token: string,
  read: (response: Response) => Promise<T>,
): Promise<T | Failure> {
  const request: RequestInit = { headers: headersFor(token), cache: "no-store" };
  return ask(path, request, 5 * TIMEOUT_MS, read);
}

function headersFor(token: string | null): Record<string, string> {
  const authorization = token === null ? {} : { Authorization: `Bearer ${token}` };
  return { "Accept-Language": language, ...authorization };
}

async function ask<T extends object>(
  path: string,
  request: RequestInit,
  patienceMs: number,
  read: (response: Response) => Promise<T>,
): Promise<T | Failure> {
  try {
    return await within(patienceMs, async (signal) => {
      const response = await fetch(path, { ...request, signal });
      return response.ok ? await read(response) : await refusal(response);
    });
  } catch (error) {
    // fetch throws TypeError for the network and DOMException for the time-out. SyntaxError comes
    // from reading an answer that is no JSON, such as the login page of a wireless network.
    if (error instanceof SyntaxError) return failure("not-understood");
    if (error instanceof TypeError || error instanceof DOMException) return failure("no-network");
    throw error;
  }
}

async function refusal(response: Response): Promise<Failure> {
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  if (!isProblem) return failure("not-understood");
  const problem = (await response.json()) as { detail?: unknown } | null;
  const sentence = problem?.detail;
  return {
    said: typeof sentence === "string" ? { sentence } : { phrase: "not-understood" },
    notEnrolled: response.status === 401,
    unreachable: response.status >= 500 || response.status === TOO_MANY_REQUESTS,
  };
}

function failure(phrase: string): Failure {
  return { said: { phrase }, notEnrolled: false, unreachable: true };
}

function isSilence({ said }: Failure): boolean {
  return "phrase" in said && said.phrase === "no-network";
}

/** A random UUID. `randomUUID` is missing on plain http, such as at a demonstration. */
export function newId(): string {
  if (crypto.randomUUID !== undefined) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
