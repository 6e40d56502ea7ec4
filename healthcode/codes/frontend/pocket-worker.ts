// The pocket page's service worker: answers from the server, or from the cache without a
// connection.

import { takeOver } from "#web/service-worker.ts";
import { CACHE, PAGE } from "./pocket/kept.ts";

declare const self: ServiceWorkerGlobalScope;

takeOver(self);
self.addEventListener("fetch", (event) => {
  if (event.request.method === "GET") event.respondWith(answer(event.request));
});

async function answer(request: Request): Promise<Response> {
  try {
    return await fetch(request);
  } catch (error) {
    const cache = await caches.open(CACHE);
    const kept = await cache.match(request.mode === "navigate" ? PAGE : request);
    if (kept === undefined) throw error;
    return kept;
  }
}
