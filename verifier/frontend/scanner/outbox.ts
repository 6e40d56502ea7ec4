// Scans judged without network, kept until the server has each of them, once.

import { type Device, type OfflineScan, sendScans } from "./api.ts";
import { readAll, remove, write } from "./store.ts";

const MOST_AT_ONCE = 200;
// The server takes none that are older.
const KEPT_MS = 7 * 86_400_000;

interface Kept extends OfflineScan {
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
    const kept: Kept = { venue, ...scan };
    await write("scans", scan.id, kept);
    this.#count += 1;
  }

  /** Count those that wait for this venue, and forget those that nobody takes any more. */
  async look(venue: number): Promise<Kept[]> {
    const all = await readAll<Kept>("scans");
    const oldest = Date.now() - KEPT_MS;
    const late = all.filter((scan) => Date.parse(scan.scanned_at) < oldest);
    if (late.length > 0) await remove("scans", late.map(({ id }) => id));
    const waiting = all.filter((scan) => scan.venue === venue && !late.includes(scan));
    this.#count = waiting.length;
    return waiting.sort((one, other) => one.scanned_at.localeCompare(other.scanned_at));
  }

  /** Send what waits; answers whether the server has all of it. A scan stays until answered. */
  async send(device: Device): Promise<boolean> {
    for (;;) {
      const waiting = (await this.look(device.venue)).slice(0, MOST_AT_ONCE);
      if (waiting.length === 0) return true;
      const answered = await sendScans(device.token, waiting.map(withoutVenue));
      if (answered === null || answered.length === 0) return false;
      // An answer is an answer: a scan that the server refuses would be refused again.
      await remove("scans", answered);
    }
  }
}

function withoutVenue({ venue: _venue, ...scan }: Kept): OfflineScan {
  return scan;
}
