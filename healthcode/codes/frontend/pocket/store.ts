// What this phone stores: one code and the key that it is bound to. The key cannot be exported.

import { Database } from "#web/database.ts";
import { POCKET_DATABASE } from "#web/personal.ts";
import type { Colour } from "#core/index.ts";

export interface KeptCode {
  readonly person: string;
  readonly key: CryptoKey;
  readonly code: string;
  readonly colour: Colour;
  readonly holder: string;
  readonly takenAt: number;
  readonly expiresAt: number;
  readonly ahead: number; // milliseconds by which the server's clock was ahead of this phone's
}

const STORE = "held";
const KEY = "code";

const database = new Database(POCKET_DATABASE, [STORE]);

export async function read(): Promise<KeptCode | undefined> {
  return database.read<KeptCode>(STORE, KEY);
}

export async function write(held: KeptCode): Promise<void> {
  await database.write(STORE, KEY, held);
}

export async function forget(): Promise<void> {
  await database.remove(STORE, [KEY]);
}
