// Keeping the page itself, so that it opens without network.

import { filesOf } from "#web/files.ts";
import { CACHE, PAGE } from "./kept.ts";

/** Register the worker at `address`, and keep the page with its files, whole or not at all. */
export async function keepPage(address: string): Promise<void> {
  await navigator.serviceWorker.register(address, { scope: PAGE });
  const cache = await caches.open(CACHE);
  const files = [PAGE, ...filesOf(document)];
  await cache.addAll(files.map((file) => new Request(file, { cache: "reload" })));
}
