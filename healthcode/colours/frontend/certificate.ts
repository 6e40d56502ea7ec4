// Reads the QR code of an EU certificate into the form, from the camera or from a picture. Without
// this script the text can be pasted.

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

import { Camera, CameraFailure } from "../../../verifier/frontend/scanner/camera.ts";
import { byId, fill, phrase } from "../../../verifier/frontend/scanner/page.ts";
import { openReader } from "../../../verifier/frontend/scanner/reader.ts";

const PREFIX = "HC1:";
// Photographs are larger than any code in them needs.
const LONGEST_SIDE = 2000;
const text = byId("certificate", HTMLTextAreaElement);
const video = byId("video", HTMLVideoElement);
const start = byId("camera", HTMLButtonElement);

function say(sentence: string): void {
  byId("notice", HTMLElement).hidden = sentence === "";
  fill("notice", sentence);
}

/** Take over what a QR code holds, if it is a certificate; whether it is. */
function take(found: string): boolean {
  const isCertificate = found.startsWith(PREFIX);
  if (isCertificate) text.value = found;
  say(phrase(isCertificate ? "certificate-read" : "other-code"));
  return isCertificate;
}

function close(): void {
  const stream = video.srcObject;
  if (stream instanceof MediaStream) for (const track of stream.getTracks()) track.stop();
  video.srcObject = null;
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
    await camera.watch(reader, (found) => {
      if (isDone || !take(found)) return;
      isDone = true;
      close();
    });
  } catch (error) {
    close();
    if (!(error instanceof CameraFailure)) throw error;
    // The camera is gone because it has done its work.
    if (!isDone) say(phrase(error.reason));
  }
}

async function readPicture(file: File): Promise<void> {
  const pixels = await pixelsOf(file);
  if (pixels === null) {
    say(phrase("no-code"));
    return;
  }
  await prepareZXingModule({
    overrides: { locateFile: () => byId("reader", HTMLLinkElement).href },
    fireImmediately: true,
  });
  const symbols = await readBarcodes(pixels, { formats: ["QRCode"], tryHarder: true });
  const codes = symbols.filter((symbol) => symbol.isValid).map((symbol) => symbol.text);
  const found = codes.find((code) => code.startsWith(PREFIX)) ?? codes[0];
  if (found === undefined) say(phrase("no-code"));
  else take(found);
}

/** The pixels of a picture, in whatever format the browser knows; null when it is none. */
async function pixelsOf(file: File): Promise<ImageData | null> {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, LONGEST_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(bitmap.width * scale);
    canvas.height = Math.round(bitmap.height * scale);
    const context = canvas.getContext("2d");
    context?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return context?.getImageData(0, 0, canvas.width, canvas.height) ?? null;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

const picture = byId("picture", HTMLInputElement);
picture.addEventListener("change", () => {
  const file = picture.files?.[0];
  // The same picture may be chosen again.
  picture.value = "";
  if (file !== undefined) void readPicture(file);
});
start.addEventListener("click", () => void watch());
for (const part of document.querySelectorAll<HTMLElement>(".reading")) part.hidden = false;
