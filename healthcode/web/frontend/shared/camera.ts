// The camera: opened once, watched frame by frame, lit where the phone can.

import type { Reader } from "./reader.ts";

const FRAME_MS = 60;
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

/** Why there is no picture, by the name of the page's phrase for it. */
export class CameraFailure extends Error {
  readonly reason: string;

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

export class Camera {
  #video: HTMLVideoElement;
  #track: MediaStreamTrack | null = null;
  #lit = false;

  constructor(video: HTMLVideoElement) {
    this.#video = video;
  }

  async open(): Promise<void> {
    // Browsers hide cameras from pages that came over plain http.
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
      this.#track = stream.getVideoTracks()[0] ?? null;
      this.#video.srcObject = stream;
      await this.#video.play();
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      throw new CameraFailure(REASONS[error.name] ?? "camera-busy");
    }
  }

  /** Read frame after frame until the camera goes away. Raises CameraFailure then. */
  async watch(reader: Reader, onText: (text: string, now: number) => void): Promise<never> {
    for (;;) {
      if (this.#track?.readyState !== "live") throw new CameraFailure("camera-gone");
      if (this.#video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !document.hidden) {
        const text = await reader(this.#video);
        if (text !== null) onText(text, performance.now());
      }
      await new Promise((resolve) => setTimeout(resolve, FRAME_MS));
    }
  }

  get hasTorch(): boolean {
    return "torch" in (this.#track?.getCapabilities?.() ?? {});
  }

  /** Switch the light; answers whether it is on now. */
  async toggleTorch(): Promise<boolean> {
    this.#lit = !this.#lit;
    const settings: TorchSettings = { torch: this.#lit };
    await this.#track?.applyConstraints({ advanced: [settings] });
    return this.#lit;
  }
}
