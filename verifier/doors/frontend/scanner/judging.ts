// Decide who gives the verdict: the server while it answers, and this device while it does not.

import {
  isCertificate,
  Malformed,
  NotTrusted,
  type Reason,
  type Verdict,
} from "#core/index.ts";
import { phrase } from "#web/phrases.ts";
import {
  type Device,
  type Failure,
  isFailure,
  newId,
  requestVerdict,
  type ShownVerdict,
} from "./api.ts";
import { Exchange, sendLater } from "./exchange.ts";

const REFRESH_EVERY_MS = 30_000;
const KNOCK_EVERY_MS = 5_000;

export class Judging {
  readonly #exchange = new Exchange();
  readonly clock = this.#exchange.clock;
  readonly knowledge = this.#exchange.knowledge;
  readonly outbox = this.#exchange.outbox;
  /** Whether the server answered last time. While it does not, no scan waits for it. */
  isReached = navigator.onLine;
  /** Whether the last bundle was not signed with the keys that this device got first. */
  isDeceived = false;
  /** Whether this device could not store the last bundle. */
  isFull = false;
  #device: Device | null = null;
  #canKeep = false;
  #synced = -Infinity;
  #syncing: Promise<Failure | null> | null = null;

  /** Load what is stored on the device. */
  async load(device: Device | null): Promise<void> {
    this.#device = device;
    // Pages on plain http have no WebCrypto, and private windows may have no storage.
    if (crypto.subtle === undefined) return;
    try {
      await this.#exchange.load(device);
      this.#canKeep = true;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
  }

  /** Change to another device, or to none, and forget the data of the old one. */
  async become(device: Device | null): Promise<void> {
    this.#device = device;
    this.isDeceived = false;
    if (!this.#canKeep) return;
    await this.knowledge.forget();
    if (device !== null) await this.outbox.look(device.venue);
    this.#synced = -Infinity;
  }

  /** Judge a text. The server records the scan, or this device stores it until it can send it. */
  async judge(device: Device, text: string): Promise<ShownVerdict | Failure> {
    const scan = { id: newId(), code: text };
    const alone = this.knowledge.isThere;
    if (this.isReached || !alone) {
      const answer = await requestVerdict(device.token, scan, alone);
      this.isReached = !isFailure(answer) || !answer.unreachable;
      if (this.isReached || !alone) return answer;
    }
    return this.#judgeAlone(device, scan);
  }

  /** Fetch the bundle and send the waiting scans, if it is time. Returns the failure, if any. */
  async sync(): Promise<Failure | null> {
    const every = this.isReached && this.outbox.count === 0 ? REFRESH_EVERY_MS : KNOCK_EVERY_MS;
    if (this.#device === null || !this.#canKeep) return null;
    if (performance.now() - this.#synced < every) return null;
    this.#syncing ??= this.#sync(this.#device).finally(() => {
      this.#synced = performance.now();
      this.#syncing = null;
    });
    return this.#syncing;
  }

  /** Sync at the next call of `sync`, even if it is not time yet. */
  hurry(): void {
    this.#synced = -Infinity;
  }

  async #sync(device: Device): Promise<Failure | null> {
    try {
      const failure = await this.#exchange.run(device, (isThere) => {
        this.isDeceived = false;
        this.isReached = isThere;
      });
      this.isFull = failure !== null && "phrase" in failure.said && failure.said.phrase === "disk-full";
      return failure;
    } catch (error) {
      if (!(error instanceof NotTrusted || error instanceof Malformed)) throw error;
      this.isDeceived = true;
      return null;
    }
  }

  async #judgeAlone(device: Device, scan: { id: string; code: string }): Promise<ShownVerdict | Failure> {
    const scannedAt = this.clock.now();
    const found = this.#inDoubt(await this.knowledge.judge(scan.code, this.clock));
    try {
      await this.outbox.add(device.venue, {
        ...scan,
        scanned_at: instant(scannedAt),
        given_outcome: found.outcome,
        given_reason: found.reason,
      });
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      return { said: { phrase: "not-kept" }, notEnrolled: false, unreachable: false };
    }
    void sendLater();
    return this.#told(scan, found);
  }

  /** While the time is unknown, turn a pass into a caution, so that staff check everybody. */
  #inDoubt(found: Verdict): Verdict {
    if (found.outcome !== "pass" || !this.clock.wasSetBack) return found;
    return { ...found, outcome: "caution", reason: "stale_data" };
  }

  #told(scan: { id: string; code: string }, { outcome, reason, code, ...ages }: Verdict): ShownVerdict {
    return {
      id: scan.id,
      outcome,
      reason,
      colour: code?.colour ?? null,
      holder: code?.holder ?? null,
      issued_at: code === null ? null : instant(code.issued_at),
      age_seconds: ages.age_seconds,
      message: this.clock.wasSetBack ? phrase("clock-moved") : sentence(reason, scan.code),
    };
  }
}

function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

function sentence(reason: Reason, text: string): string {
  if (isCertificate(text)) return phrase("eu-certificate");
  return phrase(`reason-${reason}`);
}
