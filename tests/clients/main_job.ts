// Do the main job with the types that openapi-typescript generates, through openapi-fetch; errors
// by type. The variable GIVEN says in JSON where the service is and who calls. tests/live runs this
// file, and tsc checks it, which shows that the client narrows types.

import { readFileSync } from "node:fs";
import createClient, { type Client } from "openapi-fetch";
import type { paths } from "./interface.d.ts";

interface Given {
  base_url: string;
  phone: string;
  log: string;
  home: string;
  id_number: string;
  enrolment_code: string;
  officer: string;
  partner: string;
  resident: string;
  person: string;
  document_last4: string;
  area: string;
}

const given: Given = JSON.parse(process.env["GIVEN"] ?? "");

function as(token?: string): Client<paths> {
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  return createClient<paths>({ baseUrl: given.base_url, headers });
}

function sure(holds: boolean, what: unknown): asserts holds {
  if (!holds) throw new Error(JSON.stringify(what));
}

async function loggedIn(): Promise<string> {
  const phone = given.phone;
  const sent = await as().POST("/api/v1/auth/otp", { body: { phone } });
  sure(sent.data !== undefined, sent.error);
  const again = await as().POST("/api/v1/auth/otp", { body: { phone } });
  sure(again.error?.type === "/problems/too-many-requests", again);
  const seconds: number | undefined = again.error.retry_after;
  sure(String(seconds) === again.response.headers.get("Retry-After"), again);

  const otp = [...readFileSync(given.log, "utf8").matchAll(/To .*\D(\d{6})\D/g)].at(-1)?.[1] ?? "";
  const wrong = String((Number(otp) + 1) % 1_000_000).padStart(6, "0");
  const { login } = sent.data;
  const refused = await as().POST("/api/v1/auth/login", { body: { phone, otp: wrong, login } });
  sure(refused.error?.type === "/problems/wrong-code", refused);
  const status: 401 = refused.error.status;
  sure(status === refused.response.status, status);
  const done = await as().POST("/api/v1/auth/login", { body: { phone, otp, login } });
  sure(done.data !== undefined, done.error);
  const device = done.data.device ?? "";
  const known = await as().POST("/api/v1/auth/otp", { body: { phone, device } });
  sure(known.data !== undefined, known.error);
  return done.data.token;
}

async function declared(resident: Client<paths>): Promise<string> {
  const person = { name: "王芳", id_type: "10", home_area: given.home } as const;
  const register = (id_number: string) =>
    resident.POST("/api/v1/people", { body: { ...person, id_number } });
  const wrong = await register("3301");
  sure(wrong.error?.type === "/problems/invalid-input", wrong);
  sure(wrong.error.errors?.[0]?.pointer === "/id_number", wrong.error);
  const registered = await register(given.id_number);
  sure(registered.data !== undefined, registered.error);
  const twice = await register(given.id_number);
  sure(twice.error?.type === "/problems/document-already-registered", twice);

  const number = registered.data.id;
  const code = () =>
    resident.GET("/api/v1/people/{person}/code", { params: { path: { person: number } } });
  const early = await code();
  sure(early.error?.type === "/problems/declare-first", early);
  const declaration = { person: number, symptoms: [], stays: [], contact_with_case: false };
  const colour = await resident.POST("/api/v1/declarations", { body: declaration });
  sure(colour.data?.colour === "green", colour);
  const issued = await code();
  sure(issued.data !== undefined, issued.error);
  return issued.data.code;
}

async function scanned(code: string): Promise<void> {
  const enrol = (enrolment_code: string) =>
    as().POST("/api/v1/devices/enrol", { body: { enrolment_code } });
  const wrong = await enrol("0000-0000");
  sure(wrong.error?.type === "/problems/enrolment-code-not-valid", wrong);
  const enrolled = await enrol(given.enrolment_code);
  sure(enrolled.data !== undefined, enrolled.error);

  const door = as(enrolled.data.token);
  const id = crypto.randomUUID();
  const scan = await door.POST("/api/v1/scans", { body: { id, code } });
  sure(scan.data?.outcome === "pass", scan);
  const reused = await door.POST("/api/v1/scans", { body: { id, code: "JK1:ANOTHER" } });
  sure(reused.error?.type === "/problems/scan-id-reused", reused);
  const batch = await door.POST("/api/v1/scans/batch", {
    body: { scans: [{ id: crypto.randomUUID() }] },
  });
  const problem = batch.data?.results[0]?.problem;
  sure(problem?.type === "/problems/invalid-input", batch);
  const pointers = problem.errors?.map((fault) => fault.pointer).sort();
  sure(String(pointers) === "/code,/scanned_at", pointers);
}

async function published(resident: Client<paths>): Promise<void> {
  const publish = (client: Client<paths>, code: string) =>
    client.PUT("/api/v1/areas/levels", {
      body: {
        effective_from: "2020-02-09",
        ground_kind: "risk-assessment",
        ground: "Order No. 7 of 9 February",
        levels: [{ code, level: "yellow" }],
      },
    });
  const officer = as(given.officer);
  const forbidden = await publish(resident, given.area);
  sure(forbidden.error?.type === "/problems/forbidden", forbidden);
  const wrong = await publish(officer, "339999");
  sure(wrong.error?.type === "/problems/invalid-map", wrong);
  sure(wrong.error.faults === 1, wrong.error);
  const outside = await publish(officer, "310151");
  sure(outside.error?.type === "/problems/outside-your-area", outside);
  sure(String(outside.error.codes) === "310151", outside.error);
  const done = await publish(officer, given.area);
  sure(done.data !== undefined && "act" in done.data, done);
}

async function verified(code: string): Promise<void> {
  const stranger = await as("not-a-token").POST("/api/v1/verifications", { body: { code } });
  sure(stranger.error?.type === "/problems/not-authenticated", stranger);
  const found = await as(given.partner).POST("/api/v1/verifications", { body: { code } });
  sure(found.data !== undefined && "outcome" in found.data, found);
  sure(found.data.outcome === "pass", found.data);
}

// The data of the demo's resident, which a step-up must allow first.
async function exported(): Promise<void> {
  const params = { path: { person_id: Number(given.person) } };
  const refused = await as(given.resident).GET("/api/v1/people/{person_id}/export", { params });
  sure(refused.error?.type === "/problems/step-up-needed", refused);
  const body = { step_up: refused.error.step_up ?? "", document_last4: given.document_last4 };
  const done = await as().POST("/api/v1/auth/step-up", { body });
  sure(done.data !== undefined, done.error);
  const again = await as().POST("/api/v1/auth/step-up", { body });
  sure(again.error?.type === "/problems/step-up-over", again);
  const told = await as(done.data.token).GET("/api/v1/people/{person_id}/export", { params });
  sure(told.data !== undefined, told.error);
}

const resident = as(await loggedIn());
const code = await declared(resident);
await scanned(code);
await published(resident);
await verified(code);
await exported();
console.log("done");
