// Scans judged without network, kept until the server has each of them, once.

import { type Device, type OfflineScan, sendScans } from "./api.ts";
import { store } from "./store.ts";

const MOST_AT_ONCE = 200;

interface KeptScan extends OfflineScan {
  venue: number;
}

export class Outbox {
  #count = 0;

  /** How many scans wait, as far as is known without looking. */
  get count(): number {
    return this.#count;
  }

  /** Keep a scan; when this is done, it is kept. */
  async add(venue: number, scan: OfflineScan): Promise<void> {
    const kept: KeptScan = { venue, ...scan };
    await store.write("scans", scan.id, kept);
    this.#count += 1;
  }

  /** Those that wait for this venue, the oldest first. */
  async look(venue: number): Promise<KeptScan[]> {
    const all = await store.readAll<KeptScan>("scans");
    const waiting = all.filter((scan) => scan.venue === venue);
    this.#count = waiting.length;
    return waiting.sort((one, other) => one.scanned_at.localeCompare(other.scanned_at));
  }

  /**
   * Send what waits, at `now` by the server's clock (seconds since 1970). A scan stays until it is
   * answered: only the server tells whether it is too old to be taken.
   */
  async send(device: Device, now: number): Promise<void> {
    for (;;) {
      const waiting = (await this.look(device.venue)).slice(0, MOST_AT_ONCE);
      if (waiting.length === 0) return;
      const scans = await Promise.all(waiting.map((scan) => settled(scan, now)));
      const answered = await sendScans(device.token, scans.map(withoutVenue));
      if (answered === null || answered.length === 0) return;
      // An answer is an answer: a scan that the server refuses would be refused again.
      await store.remove("scans", answered);
    }
  }
}

/**
 * A clock that was set forward while nobody could tell dated scans ahead, and the server would refuse
 * them. They are of now at the latest; on the disk, too, so that a second try says the same.
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
