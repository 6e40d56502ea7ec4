// What every service worker of ours does.

/** Have this worker answer at once, also for pages that an older one still serves. */
export function takeOver(worker: ServiceWorkerGlobalScope): void {
  worker.addEventListener("install", (event) => event.waitUntil(worker.skipWaiting()));
  worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));
}
