// Reading QR pictures: with the browser's own detector where it has one, else with zxing in
// WebAssembly, which comes with the page.

import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";

import { byId } from "./page.ts";

/** The text of a QR picture in the frame, or null. */
export type Reader = (frame: HTMLVideoElement) => Promise<string | null>;

interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}
declare global {
  // Not in the DOM's type library yet (WICG Shape Detection API).
  var BarcodeDetector: DetectorClass | undefined;
}

const LONGEST_SIDE = 960;

export async function openReader(): Promise<Reader> {
  if (globalThis.BarcodeDetector !== undefined) {
    const formats = await globalThis.BarcodeDetector.getSupportedFormats();
    if (formats.includes("qr_code")) return nativeReader(globalThis.BarcodeDetector);
  }
  return zxingReader();
}

function nativeReader(kind: DetectorClass): Reader {
  const detector = new kind({ formats: ["qr_code"] });
  return async (frame) => (await detector.detect(frame))[0]?.rawValue ?? null;
}

async function zxingReader(): Promise<Reader> {
  await prepareZXingModule({
    overrides: { locateFile: () => byId("reader", HTMLLinkElement).href },
    fireImmediately: true,
  });
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("no 2d canvas");
  return async (frame) => {
    const scale = Math.min(1, LONGEST_SIDE / Math.max(frame.videoWidth, frame.videoHeight));
    canvas.width = Math.round(frame.videoWidth * scale);
    canvas.height = Math.round(frame.videoHeight * scale);
    context.drawImage(frame, 0, 0, canvas.width, canvas.height);
    const pixels = context.getImageData(0, 0, canvas.width, canvas.height);
    const found = await readBarcodes(pixels, { formats: ["QRCode"], maxNumberOfSymbols: 1 });
    return found.find((symbol) => symbol.isValid)?.text ?? null;
  };
}
