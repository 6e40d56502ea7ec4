// Store the page and its files, so that it starts without network.

import { filesOf } from "#web/files.ts";
import { ANEW, CACHE, KEPT_PAGE } from "./kept.ts";

const WORKER = "/scanner-worker.js";
const PAGE = "/scanner";

/** Register the worker and store the server's page. Without network the old copy stays. */
export async function install(): Promise<void> {
  // Browsers offer neither of these to pages on plain http.
  if (navigator.serviceWorker === undefined || globalThis.caches === undefined) return;
  try {
    await navigator.serviceWorker.register(WORKER, { scope: PAGE });
    await keep();
    await navigator.storage?.persist?.();
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
  }
}

/** Store the page with all its files, or nothing, because the versions must match. */
async function keep(): Promise<void> {
  const page = await fetched(PAGE);
  const parsed = new DOMParser().parseFromString(await page.clone().text(), "text/html");
  const files = await Promise.all(filesOf(parsed).map(fetched));
  const cache = await caches.open(CACHE);
  await Promise.all(files.map((file) => cache.put(file.url, file)));
  await cache.put(KEPT_PAGE, page);
  const kept = new Set([new URL(KEPT_PAGE, location.href).href, ...files.map(({ url }) => url)]);
  const old = (await cache.keys()).filter(({ url }) => !kept.has(url));
  await Promise.all(old.map((request) => cache.delete(request)));
}

async function fetched(address: string): Promise<Response> {
  const response = await fetch(address, { cache: "no-cache", headers: { [ANEW]: "1" } });
  if (!response.ok) throw new TypeError(`${address}: ${response.status}`);
  return response;
}
