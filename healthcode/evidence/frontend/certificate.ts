// Read the QR code of an EU certificate into the form, with the camera or from a picture. Without
// this script, people paste the text.

import { Camera, CameraFailure } from "#web/camera.ts";
import { byId, fill } from "#web/page.ts";
import { phrase } from "#web/phrases.ts";
import { openReader, readPicture } from "#web/reader.ts";

const PREFIX = "HC1:";
const text = byId("certificate", HTMLTextAreaElement);
const video = byId("video", HTMLVideoElement);
const start = byId("camera", HTMLButtonElement);

function say(sentence: string): void {
  byId("notice", HTMLElement).hidden = sentence === "";
  fill("notice", sentence);
}

/** Put the text of a QR code into the form if it is a certificate; return whether it is. */
function take(found: string): boolean {
  const isCertificate = found.startsWith(PREFIX);
  if (isCertificate) text.value = found;
  say(phrase(isCertificate ? "certificate-read" : "other-code"));
  return isCertificate;
}

function close(): void {
  video.hidden = true;
  start.hidden = false;
}

async function watch(): Promise<void> {
  say("");
  start.hidden = true;
  video.hidden = false;
  const camera = new Camera(video);
  let isDone = false;
  try {
    const [reader] = await Promise.all([openReader(), camera.open()]);
    await camera.watch(reader, (texts) => {
      const found = texts.find((text) => text.startsWith(PREFIX)) ?? texts[0];
      if (isDone || found === undefined || !take(found)) return;
      isDone = true;
      camera.close();
    });
  } catch (error) {
    camera.close();
    close();
    if (!(error instanceof CameraFailure)) throw error;
    // After a certificate was read, the camera is closed on purpose: that is no failure.
    if (!isDone) say(phrase(error.reason));
  }
}

async function takeFrom(file: File): Promise<void> {
  const codes = await readPicture(file).catch((error: unknown) => {
    if (!(error instanceof CameraFailure)) throw error;
    say(phrase(error.reason));
    return null;
  });
  if (codes === null) return;
  const found = codes.find((code) => code.startsWith(PREFIX)) ?? codes[0];
  if (found === undefined) say(phrase("no-code"));
  else take(found);
}

const picture = byId("picture", HTMLInputElement);
picture.addEventListener("change", () => {
  const file = picture.files?.[0];
  // Without this, choosing the same picture again would cause no event.
  picture.value = "";
  if (file !== undefined) void takeFrom(file);
});
start.addEventListener("click", () => void watch());
for (const part of document.querySelectorAll<HTMLElement>(".reading")) part.hidden = false;
