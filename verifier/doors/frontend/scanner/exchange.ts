// What goes back and forth behind the scenes: the server's signed word comes, the scans that wait go.
// The page does it while it is open, the service worker when it is not (Background Sync).

import type { Device, Failure } from "./api.ts";
import { Clock } from "./clock.ts";
import { Knowledge } from "./knowledge.ts";
import { Outbox } from "./outbox.ts";

/** The tag under which the browser tells the worker that there is network again. */
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

  /** Take up what the device kept. */
  async load(device: Device | null): Promise<void> {
    await this.clock.load();
    await this.knowledge.load();
    if (device !== null) await this.outbox.look(device.venue);
  }

  /**
   * Hear the server, tell `onHeard` whether it is there, then send what waits; the failure to hear
   * it, if any. Throws NotTrusted and Malformed when it was somebody else who answered: whoever it
   * was would take the scans, too.
   */
  async run(device: Device, onHeard = (_isThere: boolean) => {}): Promise<Failure | null> {
    const failure = await this.knowledge.refresh(device.token, this.clock).catch(unkept);
    const isThere = failure === null || !failure.unreachable;
    onHeard(isThere);
    if (isThere && !failure?.notEnrolled) await this.outbox.send(device, this.clock.now());
    return failure;
  }
}

/** A full disk: what was heard counts as long as the page is open, and what waits can still go. */
function unkept(error: unknown): Failure {
  if (!(error instanceof DOMException)) throw error;
  return { said: { phrase: "disk-full" }, notEnrolled: false, unreachable: false };
}

/** Have what waits sent when there is network, whatever becomes of the page until then. */
export async function sendLater(): Promise<void> {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await registration?.sync?.register(SYNC);
  } catch (error) {
    // The browser may be told not to work for closed pages: then the next page sends.
    if (!(error instanceof DOMException)) throw error;
  }
}
