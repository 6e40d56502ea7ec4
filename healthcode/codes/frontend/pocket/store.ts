// What this phone keeps: one code with the key it is bound to. The key cannot be read out again.

import type { Colour } from "../live/code.ts";

export interface Held {
  readonly person: string;
  readonly key: CryptoKey;
  readonly code: string;
  readonly colour: Colour;
  readonly holder: string;
  readonly expiresAt: number;
  readonly ahead: number; // milliseconds by which the server's clock was ahead of this phone's
}

const NAME = "health-code-pocket";
const STORE = "held";
const KEY = "code";

export async function read(): Promise<Held | undefined> {
  return answer((await store("readonly")).get(KEY) as IDBRequest<Held | undefined>);
}

export async function write(held: Held): Promise<void> {
  await answer((await store("readwrite")).put(held, KEY));
}

export async function forget(): Promise<void> {
  await answer((await store("readwrite")).delete(KEY));
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const request = indexedDB.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return (await answer(request)).transaction(STORE, mode).objectStore(STORE);
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
