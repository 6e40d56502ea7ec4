// The scanner page. It takes a code from the camera, a handheld scanner or the keyboard, shows a
// verdict over the whole screen, and goes on to the next code without a tap.

import { namesScheme } from "#core/index.ts";
import { keepAwake } from "#web/awake.ts";
import { Camera, CameraFailure } from "#web/camera.ts";
import { byId, fill, language } from "#web/page.ts";
import { phrase } from "#web/phrases.ts";
import { openReader } from "#web/reader.ts";
import {
  type Device,
  endToken,
  enrol,
  type Failure,
  isFailure,
  type Outcome,
  speak,
} from "./scanner/api.ts";
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

/** Tell staff that this page failed, and offer to reload it, so that no failure is silent. */
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

/** Leave the venue because staff ask for it, and tell the server, so that the token ends too. */
async function leaveForGood(): Promise<void> {
  // Another server must not get the token, and could not end it.
  if (device !== null && !judging.isDeceived) {
    // Only a device of this venue can send these scans, so they would be lost.
    if (judging.outbox.count > 0) return say(phrase("not-sent-yet"));
    const failure = await endToken(device.token);
    if (failure !== null && !failure.notEnrolled) return say(phrase("not-left"));
  }
  say("");
  await leave();
}

/** Show and store the venue's name when the server has told a new one. */
async function learnName(): Promise<void> {
  if (device === null) return;
  const name = judging.knowledge.nameOfVenue(device.venue);
  if (name === null || name === device.venue_name) return;
  device = { ...device, venue_name: name };
  showDevice();
  await saveDevice(device);
}

/** The enrolment code in the address of a manager's QR picture, or the text itself. */
function enrolmentCode(text: string): string {
  return /#enrol=([^&]+)/i.exec(text)?.[1] ?? text;
}

/**
 * Enrol with a text that was read while the device has no venue. What is no enrolment code is not
 * sent, because the server would count it as a wrong code.
 */
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

/** Show that a poster or a product is no health code. It refuses nobody; the server is not told. */
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

/** The sentence for the staff at the door. */
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

/** Fetch data from the server in the background, and show the state of this device. */
async function sync(): Promise<void> {
  showState(judging);
  const failure = await judging.sync();
  if (!judging.isFull) await judging.clock.tick();
  if (failure?.notEnrolled && device !== null) endEnrolment(failure);
  else await learnName();
  showState(judging);
}

async function read(text: string): Promise<void> {
  await loaded;
  if (device === null) readEnrolment(text);
  else void judge(text);
}

async function startCamera(): Promise<void> {
  // The user may tap before the page starts the camera by itself.
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

/** Judge a code that came into view. While another is judged, it is ignored and read again after. */
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
  // On click and not on touch: hiding the notice at the touch would move what is being tapped.
  document.addEventListener("click", touched, { once: true });
  document.addEventListener("keydown", touched, { once: true });
  typed(byId("enrolment-form", HTMLFormElement), (text) => void enrolWith(enrolmentCode(text)));
  typed(byId("typing-form", HTMLFormElement), (text) => void judge(text));
  listenForHandheld((text) => void read(text));
  byId("forget", HTMLButtonElement).addEventListener("click", () => void leaveForGood());
  document.addEventListener("visibilitychange", () => {
    // The browser gives up after some tries. Hiding the page makes it start again.
    if (document.hidden && judging.outbox.count > 0) void sendLater();
  });
  addEventListener("online", () => {
    judging.hurry();
    void sync();
  });
}

/** Start the camera without a tap where it was allowed before, such as after a reload. */
async function startIfAllowed(): Promise<void> {
  try {
    const permission = await navigator.permissions.query({ name: "camera" as PermissionName });
    if (permission.state !== "granted") return;
    await startCamera();
  } catch (error) {
    // Some browsers do not know this permission by name. Staff use the button there.
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
    // The code is a secret until it is used, so keep it out of the browser's history.
    history.replaceState(null, "", location.pathname);
    void enrolWith(code);
  }
  setInterval(() => void sync(), TICK_MS);
  void sync();
  void startIfAllowed();
  void install();
}

void start();
