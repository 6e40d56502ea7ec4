// What every service worker of this service needs.

/** Make this worker serve at once, even pages that an older worker has opened. */
export function takeOver(worker: ServiceWorkerGlobalScope): void {
  worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
  worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
}
