// Talking with the server. Whatever goes wrong becomes a sentence; nothing becomes a verdict but
// a verdict.

import { language, phrase } from "./page.ts";

export interface Device {
  token: string;
  device: number;
  venue: number;
  venue_name: string;
}

export type Outcome = "pass" | "caution" | "refuse";

export interface Verdict {
  id: string;
  outcome: Outcome;
  reason: string;
  colour: "green" | "yellow" | "red" | null;
  holder: string | null;
  issued_at: string | null;
  age_seconds: number | null;
  message: string;
}

export interface Failure {
  sentence: string;
  notEnrolled: boolean;
}

const TIMEOUT_MS = 4000;
const OUTCOMES: readonly string[] = ["pass", "caution", "refuse"];

export function isFailure(answer: object): answer is Failure {
  return "sentence" in answer;
}

export async function enrol(code: string): Promise<Device | Failure> {
  return post<Device>("/api/v1/devices/enrol", { enrolment_code: code }, null);
}

/** Judge a code. A second try carries the same id, so that one scan is recorded once. */
export async function requestVerdict(token: string, code: string): Promise<Verdict | Failure> {
  const body = { id: newId(), code };
  let answer = await post<Verdict>("/api/v1/scans", body, token);
  if (isFailure(answer) && answer.sentence === phrase("no-network")) {
    answer = await post<Verdict>("/api/v1/scans", body, token);
  }
  if (!isFailure(answer) && !OUTCOMES.includes(answer.outcome)) return failure("not-understood");
  return answer;
}

async function post<T extends object>(
  path: string,
  body: object,
  token: string | null,
): Promise<T | Failure> {
  const headers: Record<string, string> = {
    "Content-Type": "application/json",
    "Accept-Language": language,
  };
  if (token !== null) headers["Authorization"] = `Bearer ${token}`;
  // AbortSignal.timeout() would be shorter, and is missing on phones of the kind found at doors.
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(path, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal: patience.signal,
    });
    return response.ok ? ((await response.json()) as T) : await refusal(response);
  } catch (error) {
    // fetch fails with TypeError for the network, DOMException for the time-out, SyntaxError for
    // an answer that some portal in between made up.
    if (error instanceof SyntaxError) return failure("not-understood");
    if (error instanceof TypeError || error instanceof DOMException) return failure("no-network");
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function refusal(response: Response): Promise<Failure> {
  const isProblem = response.headers.get("Content-Type")?.startsWith("application/problem+json");
  if (!isProblem) return failure("not-understood");
  const problem = (await response.json()) as { detail?: string };
  return {
    sentence: problem.detail ?? phrase("not-understood"),
    notEnrolled: response.status === 401,
  };
}

function failure(name: string): Failure {
  return { sentence: phrase(name), notEnrolled: false };
}

/** A random UUID, also where the page is not served over https (a demonstration's network). */
function newId(): string {
  if (crypto.randomUUID !== undefined) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
