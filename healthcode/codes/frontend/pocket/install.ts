// Stores the page itself, so that it opens without a network.

import { filesOf } from "#web/files.ts";
import { CACHE, PAGE } from "./kept.ts";

/**
 * Register the service worker at `address`, and store the page with all its files, or none of them.
 */
export async function keepPage(address: string): Promise<void> {
  await navigator.serviceWorker.register(address, { scope: PAGE });
  const cache = await caches.open(CACHE);
  const files = [PAGE, ...filesOf(document)];
  await cache.addAll(files.map((file) => new Request(file, { cache: "reload" })));
}
