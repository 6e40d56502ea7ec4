// Reads QR pictures with the browser's own detector if it has one that works, otherwise with zxing
// in WebAssembly, which comes with the page.

import {
  prepareZXingModule,
  purgeZXingModule,
  readBarcodes,
  type ReaderOptions,
  type ReadResult,
} from "zxing-wasm/reader";

import { CameraFailure } from "./camera.ts";
import { byId } from "./page.ts";

/** A QR picture in a frame: its text, and its middle as fractions (0 to 1) of width and height. */
export interface Seen {
  text: string;
  x: number;
  y: number;
}

/** Find all QR pictures in a frame. */
export type FrameReader = (frame: HTMLVideoElement) => Promise<Seen[]>;

interface Detected {
  rawValue: string;
  boundingBox: DOMRectReadOnly;
}
interface Detector {
  detect(source: HTMLVideoElement): Promise<Detected[]>;
}
interface DetectorClass {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats(): Promise<string[]>;
}
declare global {
  // TypeScript's DOM types lack this (WICG Shape Detection API).
  var BarcodeDetector: DetectorClass | undefined;
}

const LONGEST_SIDE = 960;
// A frame at a door has fewer, even with posters and other people's phones in it.
const MOST_SYMBOLS = 8;
// A working detector takes a few milliseconds. One that takes longer than this never answers.
const DETECTOR_MS = 3_000;
// Photographs have more pixels than reading a code needs.
const LONGEST_SIDE_OF_PICTURES = 2000;

/** Load the best reader. Throws CameraFailure when none can be loaded. */
export async function openReader(): Promise<FrameReader> {
  const native = await nativeReader();
  return native === null ? zxingReader() : untilItFails(native);
}

/**
 * Return the texts of the QR codes in a picture of any format that the browser knows. Throws
 * CameraFailure when the reader cannot be loaded.
 */
export async function readPicture(file: Blob): Promise<string[]> {
  const picture = await opened(file);
  if (picture === null) return [];
  await prepare();
  const canvas = document.createElement("canvas");
  const pixels = draw(picture, picture.width, picture.height, LONGEST_SIDE_OF_PICTURES, canvas);
  return (await symbolsIn(pixels, { tryHarder: true })).map((symbol) => symbol.text);
}

/** Return the browser's own reader; null if it has none, or one that cannot start. */
async function nativeReader(): Promise<FrameReader | null> {
  const kind = globalThis.BarcodeDetector;
  if (kind === undefined) return null;
  try {
    const formats = await inTime(kind.getSupportedFormats());
    if (!formats.includes("qr_code")) return null;
    const detector = new kind({ formats: ["qr_code"] });
    return async (frame) => (await inTime(detector.detect(frame))).map((one) => placed(one, frame));
  } catch (error) {
    console.warn("the browser's own detector does not start", error);
    return null;
  }
}

/** Use the browser's own reader until it fails, and zxing from then on. */
function untilItFails(native: FrameReader): FrameReader {
  let instead: FrameReader | null = null;
  return async (frame) => {
    if (instead !== null) return instead(frame);
    try {
      return await native(frame);
    } catch (error) {
      // Some browsers list the format but have no service for it, so every frame would fail.
      console.warn("the browser's own detector fails", error);
      instead = await zxingReader();
      return instead(frame);
    }
  };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer = 0;
  const late = new Promise<never>((_, reject) => {
    timer = window.setTimeout(() => reject(new Error("no answer in time")), DETECTOR_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function placed({ rawValue, boundingBox: box }: Detected, frame: HTMLVideoElement): Seen {
  const x = (box.x + box.width / 2) / frame.videoWidth;
  return { text: rawValue, x, y: (box.y + box.height / 2) / frame.videoHeight };
}

async function zxingReader(): Promise<FrameReader> {
  await prepare();
  const canvas = document.createElement("canvas");
  return async (frame) => {
    const pixels = draw(frame, frame.videoWidth, frame.videoHeight, LONGEST_SIDE, canvas);
    const symbols = await symbolsIn(pixels, { maxNumberOfSymbols: MOST_SYMBOLS });
    return symbols.map((symbol) => placedIn(pixels, symbol));
  };
}

async function prepare(): Promise<void> {
  try {
    await prepareZXingModule({
      overrides: { locateFile: () => byId("reader", HTMLLinkElement).href },
      fireImmediately: true,
    });
  } catch (error) {
    // Without this the rejected promise would be kept, and every later call would fail.
    purgeZXingModule();
    throw new CameraFailure("reader-missing", { cause: error });
  }
}

async function opened(file: Blob): Promise<ImageBitmap | null> {
  try {
    return await createImageBitmap(file);
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

/** Return the pixels of a picture, reduced if it is larger than reading it needs. */
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

async function symbolsIn(pixels: ImageData, options: ReaderOptions): Promise<ReadResult[]> {
  const symbols = await readBarcodes(pixels, { formats: ["QRCode"], ...options });
  return symbols.filter((symbol) => symbol.isValid);
}

function placedIn({ width, height }: ImageData, { text, position }: ReadResult): Seen {
  const { topLeft, topRight, bottomLeft, bottomRight } = position;
  const corners = [topLeft, topRight, bottomLeft, bottomRight];
  const middle = (sides: number[]) => sides.reduce((sum, side) => sum + side, 0) / corners.length;
  const [x, y] = [middle(corners.map((one) => one.x)), middle(corners.map((one) => one.y))];
  return { text, x: x / width, y: y / height };
}
