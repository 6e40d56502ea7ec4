// Scans judged without network, stored until the server has answered for each of them.

import { type Device, type OfflineScan, sendScans } from "./api.ts";
import { store } from "./store.ts";

const MOST_AT_ONCE = 200;

interface KeptScan extends OfflineScan {
  venue: number;
}

export class Outbox {
  #count = 0;

  /** How many scans wait, as counted at the last look at the disk. */
  get count(): number {
    return this.#count;
  }

  /** Store a scan. When this resolves, the scan is on the disk. */
  async add(venue: number, scan: OfflineScan): Promise<void> {
    const kept: KeptScan = { venue, ...scan };
    await store.write("scans", scan.id, kept);
    this.#count += 1;
  }

  /** The waiting scans of this venue, the oldest first. */
  async look(venue: number): Promise<KeptScan[]> {
    const all = await store.readAll<KeptScan>("scans");
    const waiting = all.filter((scan) => scan.venue === venue);
    this.#count = waiting.length;
    return waiting.sort((one, other) => one.scanned_at.localeCompare(other.scanned_at));
  }

  /**
   * Send the waiting scans. `now` is the server's time (seconds since 1970). A scan stays until the
   * server has answered for it: only the server decides whether it is too old.
   */
  async send(device: Device, now: number): Promise<void> {
    for (;;) {
      const waiting = (await this.look(device.venue)).slice(0, MOST_AT_ONCE);
      if (waiting.length === 0) return;
      const scans = await Promise.all(waiting.map((scan) => settled(scan, now)));
      const answered = await sendScans(device.token, scans.map(withoutVenue));
      if (answered === null || answered.length === 0) return;
      // A refused scan is removed too, because the server would refuse it again.
      await store.remove("scans", answered);
    }
  }
}

/**
 * Date a scan to `now` at the latest. While there was no network, a clock that was set forward may
 * have dated it to the future, and the server would refuse that. The new time is stored, so that a
 * second try sends the same.
 */
async function settled(scan: KeptScan, now: number): Promise<KeptScan> {
  if (Date.parse(scan.scanned_at) <= now * 1000) return scan;
  const found = { ...scan, scanned_at: new Date(now * 1000).toISOString() };
  await store.write("scans", scan.id, found);
  return found;
}

function withoutVenue({ venue: _venue, ...scan }: KeptScan): OfflineScan {
  return scan;
}
