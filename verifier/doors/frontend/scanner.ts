// The scanner page: from what a camera, a handheld scanner or a hand reads to a verdict that
// nobody at a door can mistake, and on to the next code without a tap.

import { keepAwake } from "#web/awake.ts";
import { Camera, CameraFailure } from "#web/camera.ts";
import { byId, fill, language } from "#web/page.ts";
import { phrase } from "#web/phrases.ts";
import { openReader } from "#web/reader.ts";
import { type Device, enrol, type Failure, isFailure, speak } from "./scanner/api.ts";
import { forgetDevice, loadDevice, saveDevice } from "./scanner/device.ts";
import { alertStaff, unlockSound } from "./scanner/feedback.ts";
import { install } from "./scanner/install.ts";
import { sendLater } from "./scanner/exchange.ts";
import { Judging } from "./scanner/judging.ts";
import { Repeats } from "./scanner/repeats.ts";
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
  return /#enrol=([^&]+)/.exec(text)?.[1] ?? text;
}

/** What a scanner read while the device has no venue. A passing QR is no wrong code. */
function readEnrolment(text: string): void {
  const code = enrolmentCode(text);
  if (/^[0-9a-z]{4}-?[0-9a-z]{4}$/i.test(code)) void enrolWith(code);
  else say(phrase("no-enrolment-code"));
}

async function judge(text: string): Promise<void> {
  if (device === null || isBusy) return;
  isBusy = true;
  view.wait();
  try {
    const answer = await judging.judge(device, text);
    if (isFailure(answer)) fail(answer);
    else {
      alertStaff(answer.outcome);
      view.show(answer, VERDICT_STAYS_MS);
    }
  } finally {
    isBusy = false;
  }
}

/** What to tell whoever stands at the door. */
function sentenceOf({ said }: Failure): string {
  return "sentence" in said ? said.sentence : phrase(said.phrase);
}

function fail(failure: Failure): void {
  alertStaff("none");
  view.fail(sentenceOf(failure), FAILURE_STAYS_MS);
  setTimeout(() => repeats.forget(), FAILURE_STAYS_MS);
  if (failure.notEnrolled) endEnrolment(failure);
}

function endEnrolment(failure: Failure): void {
  void leave();
  say(sentenceOf(failure));
}

/** Hear the server in the background, and keep what the page says of this device up to date. */
async function sync(): Promise<void> {
  await judging.clock.tick();
  showState(judging);
  const failure = await judging.sync();
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
  try {
    const [reader] = await Promise.all([openReader(), camera.open()]);
    keepAwake();
    showTorch();
    // What is read while a verdict is on its way stays unread, and is read again right after.
    await camera.watch(reader, (text, now) => {
      if (!isBusy && repeats.isNew(text, now)) void read(text);
    });
  } catch (error) {
    if (!(error instanceof CameraFailure)) throw error;
    say(phrase(error.reason));
    byId("start", HTMLElement).hidden = false;
  }
}

function showTorch(): void {
  const torch = byId("torch", HTMLButtonElement);
  torch.hidden = !camera.hasTorch;
  torch.onclick = async () => {
    torch.setAttribute("aria-pressed", String(await camera.toggleTorch()));
  };
}

function typed(form: HTMLFormElement, then: (text: string) => void): void {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const input = form.elements.namedItem("code");
    if (!(input instanceof HTMLInputElement)) return;
    const text = input.value.replace(/[\r\n]+/g, "");
    if (text === "") return;
    input.value = "";
    then(text);
  });
}

function touched(): void {
  unlockSound();
  if (byId("notice", HTMLElement).textContent === phrase("tap-for-sound")) say("");
}

function listen(): void {
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
    if (!navigator.userActivation?.hasBeenActive) say(phrase("tap-for-sound"));
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
