// The scanner page: from what a camera, a handheld scanner or a hand reads to a verdict that
// nobody at a door can mistake, and on to the next code without a tap.

import { namesScheme } from "#core/index.ts";
import { keepAwake } from "#web/awake.ts";
import { Camera, CameraFailure } from "#web/camera.ts";
import { byId, fill, language } from "#web/page.ts";
import { phrase } from "#web/phrases.ts";
import { openReader } from "#web/reader.ts";
import { type Device, enrol, type Failure, isFailure, type Outcome, speak } from "./scanner/api.ts";
import { forgetDevice, loadDevice, saveDevice } from "./scanner/device.ts";
import { alertStaff, unlockSound } from "./scanner/feedback.ts";
import { install } from "./scanner/install.ts";
import { sendLater } from "./scanner/exchange.ts";
import { Judging } from "./scanner/judging.ts";
import { Repeats } from "./scanner/repeats.ts";
import { meant, scanned } from "./scanner/scanned.ts";
import { showState } from "./scanner/state.ts";
import { VerdictView } from "./scanner/verdict.ts";
import { listenForHandheld } from "./scanner/wedge.ts";

const VERDICT_STAYS_MS = 2600;
const FAILURE_STAYS_MS = 4000;
const TICK_MS = 1000;

let device: Device | null = null;
const loaded = loadDevice().then((found) => {
  device = found;
});
let isBusy = false;
const judging = new Judging();
const repeats = new Repeats();
const view = new VerdictView();
const camera = new Camera(byId("video", HTMLVideoElement));

function showDevice(): void {
  byId("enrolment", HTMLElement).hidden = device !== null;
  byId("scanning", HTMLElement).hidden = device === null;
  byId("state", HTMLElement).hidden = device === null;
  fill("venue", device?.venue_name ?? "");
}

function say(text: string): void {
  const notice = byId("notice", HTMLElement);
  notice.hidden = text === "";
  fill("notice", text);
  byId("reload", HTMLElement).hidden = true;
}

/** Say that something of this page failed, and offer to begin anew: nothing fails in silence. */
function report(error: unknown, name = "page-failed"): void {
  console.error(error);
  say(phrase(name));
  byId("reload", HTMLElement).hidden = false;
}

async function enrolWith(code: string): Promise<void> {
  say(phrase("enrolling"));
  const answer = await enrol(code);
  if (isFailure(answer)) {
    say(sentenceOf(answer));
    return;
  }
  device = answer;
  await saveDevice(device);
  repeats.forget();
  say("");
  showDevice();
  await judging.become(device);
  void sync();
}

async function leave(): Promise<void> {
  device = null;
  showDevice();
  await forgetDevice();
  await judging.become(null);
}

/** The code in the address that a manager's page shows as a QR picture, or the text itself. */
function enrolmentCode(text: string): string {
  return /#enrol=([^&]+)/i.exec(text)?.[1] ?? text;
}

/** What a scanner read while the device has no venue. A passing QR is no wrong code. */
function readEnrolment(text: string): void {
  const code = enrolmentCode(scanned(text));
  if (/^[0-9a-z]{4}-?[0-9a-z]{4}$/i.test(code)) void enrolWith(code);
  else say(phrase("no-enrolment-code"));
}

async function judge(read: string): Promise<void> {
  const text = scanned(read);
  if (device === null || isBusy || text === "") return;
  if (!namesScheme(text)) return showNoCode(text);
  isBusy = true;
  view.wait();
  try {
    const answer = await judging.judge(device, text);
    if (isFailure(answer)) fail(answer);
    else {
      view.show(answer, VERDICT_STAYS_MS);
      sound(answer.outcome);
    }
  } catch (error) {
    fail({ said: { phrase: "page-failed" }, notEnrolled: false, unreachable: false });
    report(error);
  } finally {
    isBusy = false;
  }
}

/** A poster, a product: nobody is refused for it, and the server is not told. */
function showNoCode(text: string): void {
  const isAddress = /^(https?:\/\/|www\.)/i.test(text);
  view.showNoCode(phrase(isAddress ? "web-address" : "reason-malformed"), VERDICT_STAYS_MS);
  sound("none");
}

function sound(alert: Outcome | "none"): void {
  try {
    alertStaff(alert);
  } catch (error) {
    report(error, "no-sound");
  }
}

/** What to tell whoever stands at the door. */
function sentenceOf({ said }: Failure): string {
  return "sentence" in said ? said.sentence : phrase(said.phrase);
}

function fail(failure: Failure): void {
  view.fail(sentenceOf(failure), FAILURE_STAYS_MS);
  sound("none");
  setTimeout(() => repeats.forget(), FAILURE_STAYS_MS);
  if (failure.notEnrolled) endEnrolment(failure);
}

function endEnrolment(failure: Failure): void {
  void leave();
  say(sentenceOf(failure));
}

/** Hear the server in the background, and keep what the page says of this device up to date. */
async function sync(): Promise<void> {
  showState(judging);
  const failure = await judging.sync();
  if (!judging.isFull) await judging.clock.tick();
  if (failure?.notEnrolled && device !== null) endEnrolment(failure);
  showState(judging);
}

async function read(text: string): Promise<void> {
  await loaded;
  if (device === null) readEnrolment(text);
  else void judge(text);
}

async function startCamera(): Promise<void> {
  // A tap may come before the page starts it by itself.
  if (byId("start", HTMLElement).hidden) return;
  byId("start", HTMLElement).hidden = true;
  say(phrase("camera-starting"));
  try {
    const [reader] = await Promise.all([openReader(), camera.open()]);
    say(isTouched() ? "" : phrase("tap-for-sound"));
    keepAwake();
    showTorch();
    await camera.watch(reader, inView);
  } catch (error) {
    camera.close();
    byId("start", HTMLElement).hidden = false;
    if (error instanceof CameraFailure) say(phrase(error.reason));
    else report(error);
  }
}

/** What is read while a verdict is on its way stays unread, and is read again right after. */
function inView(texts: string[], now: number): void {
  const text = meant(texts);
  if (!isBusy && text !== undefined && repeats.isNew(texts, text, now)) void read(text);
}

function isTouched(): boolean {
  return navigator.userActivation?.hasBeenActive ?? false;
}

function showTorch(): void {
  const torch = byId("torch", HTMLButtonElement);
  torch.hidden = !camera.hasTorch;
  torch.onclick = async () => {
    try {
      torch.setAttribute("aria-pressed", String(await camera.toggleTorch()));
    } catch (error) {
      torch.hidden = true;
      report(error, "no-light");
    }
  };
}

function typed(form: HTMLFormElement, then: (text: string) => void): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = form.elements.namedItem("code");
    if (!(input instanceof HTMLInputElement)) return;
    const text = scanned(input.value);
    if (text === "") return;
    input.value = "";
    then(text);
  });
}

function touched(): void {
  unlockSound().catch((error: unknown) => report(error, "no-sound"));
  if (byId("notice", HTMLElement).textContent === phrase("tap-for-sound")) say("");
}

function listen(): void {
  addEventListener("error", ({ error, message }) => report(error ?? message));
  addEventListener("unhandledrejection", ({ reason }) => report(reason));
  byId("reload", HTMLButtonElement).addEventListener("click", () => location.reload());
  byId("start", HTMLButtonElement).addEventListener("click", () => {
    say("");
    void startCamera();
  });
  // Not earlier than the click: what the touch moves away would not be clicked.
  document.addEventListener("click", touched, { once: true });
  document.addEventListener("keydown", touched, { once: true });
  typed(byId("enrolment-form", HTMLFormElement), (text) => void enrolWith(enrolmentCode(text)));
  typed(byId("typing-form", HTMLFormElement), (text) => void judge(text));
  listenForHandheld((text) => void read(text));
  byId("forget", HTMLButtonElement).addEventListener("click", () => {
    // Only this venue's devices can send them, and nobody comes back for a device that has left.
    if (judging.outbox.count > 0 && !judging.isDeceived) say(phrase("not-sent-yet"));
    else void leave();
  });
  document.addEventListener("visibilitychange", () => {
    // The browser gives up after some tries; whoever puts the page away lets it begin again.
    if (document.hidden && judging.outbox.count > 0) void sendLater();
  });
  addEventListener("online", () => {
    judging.hurry();
    void sync();
  });
}

/** Start by itself where the camera was allowed before, so that a reload costs no tap. */
async function startIfAllowed(): Promise<void> {
  try {
    const permission = await navigator.permissions.query({ name: "camera" as PermissionName });
    if (permission.state !== "granted") return;
    await startCamera();
  } catch (error) {
    // Some browsers do not know this permission by name; the button is there for them.
    if (!(error instanceof TypeError)) throw error;
  }
}

async function start(): Promise<void> {
  speak(language);
  listen();
  await loaded;
  showDevice();
  await judging.load(device);
  if (location.hash.startsWith("#enrol=") && device === null) {
    const code = enrolmentCode(location.hash);
    // The code works once; it has no business in the history of this browser.
    history.replaceState(null, "", location.pathname);
    void enrolWith(code);
  }
  setInterval(() => void sync(), TICK_MS);
  void sync();
  void startIfAllowed();
  void install();
}

void start();
