// The scanner's service worker. Without network it answers with the stored page and its files. When
// the network is back and no page is open, it sends the waiting scans.

import { within } from "#web/patience.ts";
import { takeOver } from "#web/service-worker.ts";
import { loadDevice } from "./scanner/device.ts";
import { Exchange, SYNC } from "./scanner/exchange.ts";
import { ANEW, CACHE, KEPT_PAGE } from "./scanner/kept.ts";

declare const self: ServiceWorkerGlobalScope;
declare global {
  // Background Sync (WICG) is not in the type library of workers yet.
  interface ServiceWorkerGlobalScopeEventMap {
    sync: ExtendableEvent & { readonly tag: string };
  }
}

const PATIENCE_MS = 1500;

takeOver(self);
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  const isOurs = request.method === "GET" && origin === location.origin;
  // A request with this header needs the server's own answer, and so does every API call.
  if (!isOurs || request.headers.has(ANEW) || pathname.startsWith("/api/")) return;
  event.respondWith(request.mode === "navigate" ? page(request) : file(request));
});

self.addEventListener("sync", (event) => {
  if (event.tag === SYNC) event.waitUntil(send());
});

/** Send the waiting scans. Throws while some still wait, so that the browser tries again. */
async function send(): Promise<void> {
  const device = await loadDevice();
  if (device === null) return;
  const exchange = new Exchange();
  await exchange.load(device);
  const failure = await exchange.run(device);
  const waiting = await exchange.outbox.look(device.venue);
  if (waiting.length > 0 && !failure?.notEnrolled) throw new Error("scans still wait");
}

/** The page from the server, or the stored page when the server does not answer in time. */
async function page(request: Request): Promise<Response> {
  try {
    const response = await within(PATIENCE_MS, (signal) => fetch(request, { signal }));
    if (response.status < 500) return response;
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof DOMException)) throw error;
  }
  return (await kept(KEPT_PAGE)) ?? fetch(request);
}

async function file(request: Request): Promise<Response> {
  return (await kept(request.url)) ?? fetch(request);
}

async function kept(address: string): Promise<Response | undefined> {
  return (await caches.open(CACHE)).match(address);
}
