// Data that the browser stores on disk for a page (IndexedDB), safe when the tab or phone dies.

const VERSION = 1;

/** Values by key, in stores that are created together with the database. */
export class Database<Store extends string> {
  readonly #name: string;
  readonly #stores: readonly Store[];
  #opened: Promise<IDBDatabase> | null = null;

  constructor(name: string, stores: readonly Store[]) {
    this.#name = name;
    this.#stores = stores;
  }

  async read<T>(store: Store, key: string): Promise<T | undefined> {
    const transaction = (await this.#open()).transaction(store);
    return answer(transaction.objectStore(store).get(key) as IDBRequest<T | undefined>);
  }

  async readAll<T>(store: Store): Promise<T[]> {
    const transaction = (await this.#open()).transaction(store);
    return answer(transaction.objectStore(store).getAll() as IDBRequest<T[]>);
  }

  /** Write a value. The promise resolves only when the value is on disk. */
  async write(store: Store, key: string, value: unknown): Promise<void> {
    await this.#change(store, (objects) => objects.put(value, key));
  }

  async remove(store: Store, keys: string[]): Promise<void> {
    await this.#change(store, (objects) => {
      for (const key of keys) objects.delete(key);
    });
  }

  async empty(store: Store): Promise<void> {
    await this.#change(store, (objects) => objects.clear());
  }

  async #change(store: Store, work: (objects: IDBObjectStore) => void): Promise<void> {
    const database = await this.#open();
    const transaction = database.transaction(store, "readwrite", { durability: "strict" });
    work(transaction.objectStore(store));
    await new Promise<void>((resolve, reject) => {
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(transaction.error);
    });
  }

  #open(): Promise<IDBDatabase> {
    this.#opened ??= this.#connect().catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }

  async #connect(): Promise<IDBDatabase> {
    const request = indexedDB.open(this.#name, VERSION);
    request.onupgradeneeded = () => {
      for (const store of this.#stores) request.result.createObjectStore(store);
    };
    const database = await answer(request);
    // A newer page in another tab, or the browser itself, may need to close the database.
    database.onversionchange = () => {
      database.close();
      this.#opened = null;
    };
    database.onclose = () => {
      this.#opened = null;
    };
    return database;
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
