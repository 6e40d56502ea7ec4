// Keeping the page itself, so that it opens without network.

export const CACHE = "pocket";
export const PAGE = "/pocket";

/** Register the worker at `address`, and keep the page with its files, whole or not at all. */
export async function keepPage(address: string): Promise<void> {
  await navigator.serviceWorker.register(address, { scope: PAGE });
  const files = [...document.querySelectorAll("link[href], script[src]")].map(
    (one) => one.getAttribute("href") ?? one.getAttribute("src") ?? "",
  );
  const cache = await caches.open(CACHE);
  await cache.addAll([PAGE, ...new Set(files)].map((file) => new Request(file, { cache: "reload" })));
}
