// Opens the camera, reads QR codes frame by frame, and switches the light if the phone has one.

import type { FrameReader, Seen } from "./reader.ts";

const FRAME_MS = 60;
// A camera that another program took shows no picture, and the browser may not report it.
const DARK_MS = 5_000;
// A single frame may fail by chance. After so many failures in a row the reader is broken.
const MOST_FAILURES = 5;
const REASONS: Record<string, string> = {
  NotAllowedError: "camera-not-allowed",
  NotFoundError: "no-camera",
  OverconstrainedError: "no-camera",
  NotReadableError: "camera-busy",
  AbortError: "camera-busy",
  SecurityError: "camera-not-allowed",
};

interface TorchSettings extends MediaTrackConstraintSet {
  torch: boolean;
}

/** Why no code can be read. `reason` is the name of the page's phrase for it. */
export class CameraFailure extends Error {
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
  }
}

function readerBroken(error: unknown): CameraFailure {
  return error instanceof CameraFailure ? error : new CameraFailure("reader-broken", { cause: error });
}

export class Camera {
  #video: HTMLVideoElement;
  #track: MediaStreamTrack | null = null;
  #lit = false;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  async open(): Promise<void> {
    // Browsers give no camera to pages that came over plain http.
    if (navigator.mediaDevices === undefined) throw new CameraFailure("camera-needs-https");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: {
          facingMode: { ideal: "environment" },
          width: { ideal: 1280 },
          height: { ideal: 720 },
        },
      });
      this.close();
      this.#track = stream.getVideoTracks()[0] ?? null;
      this.#video.srcObject = stream;
      await this.#video.play();
    } catch (error) {
      this.close();
      if (!(error instanceof DOMException)) throw error;
      throw new CameraFailure(REASONS[error.name] ?? "camera-busy");
    }
  }

  /**
   * Read one frame after another. `onTexts` gets the texts in the visible part of the frame, the
   * nearest to its middle first. Closes the camera and throws CameraFailure when it cannot go on.
   */
  async watch(reader: FrameReader, onTexts: (texts: string[], now: number) => void): Promise<never> {
    let failures = 0;
    let lit = performance.now();
    try {
      for (;;) {
        if (this.#track?.readyState !== "live") throw new CameraFailure("camera-gone");
        if (this.#hasPicture && !document.hidden) {
          const seen = await reader(this.#video).catch((error: unknown) => {
            if (++failures >= MOST_FAILURES) throw readerBroken(error);
            return null;
          });
          if (seen !== null) failures = 0;
          const texts = this.#inView(seen ?? []).map(({ text }) => text);
          if (texts.length > 0) onTexts(texts, performance.now());
        }
        if (this.#hasPicture || document.hidden) lit = performance.now();
        if (performance.now() - lit > DARK_MS) throw new CameraFailure("camera-gone");
        await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
      }
    } finally {
      this.close();
    }
  }

  close(): void {
    this.#track?.stop();
    this.#video.srcObject = null;
  }

  get #hasPicture(): boolean {
    const hasData = this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA;
    return hasData && this.#track?.muted === false;
  }

  /** Keep what is in the visible part of the frame, sorted by the distance to its middle. */
  #inView(seen: Seen[]): Seen[] {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.#video;
    const scales = [clientWidth / videoWidth, clientHeight / videoHeight];
    const isCut = getComputedStyle(this.#video).objectFit === "cover";
    const scale = isCut ? Math.max(...scales) : Math.min(...scales);
    const across = ({ x }: Seen) => Math.abs(x - 0.5) * videoWidth * scale;
    const down = ({ y }: Seen) => Math.abs(y - 0.5) * videoHeight * scale;
    const distance = (one: Seen) => Math.hypot(across(one), down(one));
    return seen
      .filter((one) => across(one) <= clientWidth / 2 && down(one) <= clientHeight / 2)
      .sort((one, other) => distance(one) - distance(other));
  }

  get hasTorch(): boolean {
    return "torch" in (this.#track?.getCapabilities?.() ?? {});
  }

  /** Switch the light, and return whether it is on now. */
  async toggleTorch(): Promise<boolean> {
    this.#lit = !this.#lit;
    const settings: TorchSettings = { torch: this.#lit };
    await this.#track?.applyConstraints({ advanced: [settings] });
    return this.#lit;
  }
}
