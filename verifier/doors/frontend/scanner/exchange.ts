// The exchange with the server in the background: fetch the signed bundle, then send waiting scans.
// The page does this while it is open, and the service worker otherwise (Background Sync).

import type { Device, Failure } from "./api.ts";
import { Clock } from "./clock.ts";
import { Knowledge } from "./knowledge.ts";
import { Outbox } from "./outbox.ts";

/** The tag of the event with which the browser tells the worker that the network is back. */
export const SYNC = "scans";

declare global {
  // Background Sync (WICG) is not in the type libraries yet.
  interface ServiceWorkerRegistration {
    readonly sync?: { register(tag: string): Promise<void> };
  }
}

export class Exchange {
  readonly clock = new Clock();
  readonly knowledge = new Knowledge();
  readonly outbox = new Outbox();

  /** Load what is stored on the device. */
  async load(device: Device | null): Promise<void> {
    await this.clock.load();
    await this.knowledge.load();
    if (device !== null) await this.outbox.look(device.venue);
  }

  /**
   * Fetch the bundle, tell `onHeard` whether the server was there, then send the waiting scans.
   * Returns the failure to fetch, if any. Throws NotTrusted and Malformed when another server
   * answered: then no scan is sent, because that server would get it.
   */
  async run(device: Device, onHeard = (_isThere: boolean) => {}): Promise<Failure | null> {
    const failure = await this.knowledge.refresh(device.token, this.clock).catch(unkept);
    const isThere = failure === null || !failure.unreachable;
    onHeard(isThere);
    if (isThere && !failure?.notEnrolled) await this.outbox.send(device, this.clock.now());
    return failure;
  }
}

/** Report a full disk. The new data work until the page is closed, and scans can still be sent. */
function unkept(error: unknown): Failure {
  if (!(error instanceof DOMException)) throw error;
  return { said: { phrase: "disk-full" }, notEnrolled: false, unreachable: false };
}

/** Have the browser send the waiting scans when the network is back, even if the page is closed. */
export async function sendLater(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await registration?.sync?.register(SYNC);
  } catch (error) {
    // The user may have forbidden work in the background. Then the next open page sends.
    if (!(error instanceof DOMException)) throw error;
  }
}
