// Reading QR pictures: with the browser's own detector where it has one, else with zxing in
// WebAssembly, which comes with the page.

import { prepareZXingModule, readBarcodes, type ReaderOptions } from "zxing-wasm/reader";

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
// Photographs are larger than any code in them needs.
const LONGEST_SIDE_OF_PICTURES = 2000;

export async function openReader(): Promise<Reader> {
  if (globalThis.BarcodeDetector !== undefined) {
    const formats = await globalThis.BarcodeDetector.getSupportedFormats();
    if (formats.includes("qr_code")) return nativeReader(globalThis.BarcodeDetector);
  }
  return zxingReader();
}

/** The texts of the QR codes in a picture, in whatever format the browser knows. */
export async function readPicture(file: Blob): Promise<string[]> {
  const picture = await opened(file);
  if (picture === null) return [];
  await prepare();
  const canvas = document.createElement("canvas");
  const pixels = draw(picture, picture.width, picture.height, LONGEST_SIDE_OF_PICTURES, canvas);
  return textsIn(pixels, { tryHarder: true });
}

function nativeReader(kind: DetectorClass): Reader {
  const detector = new kind({ formats: ["qr_code"] });
  return async (frame) => (await detector.detect(frame))[0]?.rawValue ?? null;
}

async function zxingReader(): Promise<Reader> {
  await prepare();
  const canvas = document.createElement("canvas");
  return async (frame) => {
    const pixels = draw(frame, frame.videoWidth, frame.videoHeight, LONGEST_SIDE, canvas);
    return (await textsIn(pixels, { maxNumberOfSymbols: 1 }))[0] ?? null;
  };
}

async function prepare(): Promise<void> {
  await prepareZXingModule({
    overrides: { locateFile: () => byId("reader", HTMLLinkElement).href },
    fireImmediately: true,
  });
}

async function opened(file: Blob): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(file);
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** The pixels of a picture, made smaller where it is larger than reading it needs. */
function draw(
  picture: HTMLVideoElement | ImageBitmap,
  width: number,
  height: number,
  longestSide: number,
  canvas: HTMLCanvasElement,
): ImageData {
  const scale = Math.min(1, longestSide / Math.max(width, height));
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("no 2d canvas");
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

async function textsIn(pixels: ImageData, options: ReaderOptions): Promise<string[]> {
  const symbols = await readBarcodes(pixels, { formats: ["QRCode"], ...options });
  return symbols.filter((symbol) => symbol.isValid).map((symbol) => symbol.text);
}
