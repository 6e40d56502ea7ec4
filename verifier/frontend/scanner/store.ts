// What this device keeps on its disk, whatever becomes of the tab or the battery (IndexedDB).

const NAME = "health-code-scanner";
const VERSION = 1;

/** `kept`: single things by name; `lists`: status lists; `scans`: those not sent yet. */
export type Store = "kept" | "lists" | "scans";

let opened: Promise<IDBDatabase> | null = null;

export async function read<T>(store: Store, key: string): Promise<T | undefined> {
  const transaction = (await open()).transaction(store);
  return answer(transaction.objectStore(store).get(key) as IDBRequest<T | undefined>);
}

export async function readAll<T>(store: Store): Promise<T[]> {
  const transaction = (await open()).transaction(store);
  return answer(transaction.objectStore(store).getAll() as IDBRequest<T[]>);
}

/** Write a value; done when it is on the disk and no sooner. */
export async function write(store: Store, key: string, value: unknown): Promise<void> {
  await change(store, (objects) => objects.put(value, key));
}

export async function remove(store: Store, keys: string[]): Promise<void> {
  await change(store, (objects) => {
    for (const key of keys) objects.delete(key);
  });
}

export async function empty(store: Store): Promise<void> {
  await change(store, (objects) => objects.clear());
}

async function change(store: Store, work: (objects: IDBObjectStore) => void): Promise<void> {
  const transaction = (await open()).transaction(store, "readwrite", { durability: "strict" });
  work(transaction.objectStore(store));
  await new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}

function open(): Promise<IDBDatabase> {
  opened ??= connect().catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return opened;
}

async function connect(): Promise<IDBDatabase> {
  const request = indexedDB.open(NAME, VERSION);
  request.onupgradeneeded = () => {
    for (const store of ["kept", "lists", "scans"]) request.result.createObjectStore(store);
  };
  const database = await answer(request);
  // A newer page in another tab, or the browser itself, may want it closed.
  database.onversionchange = () => {
    database.close();
    opened = null;
  };
  database.onclose = () => {
    opened = null;
  };
  return database;
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
