// Finds the files that a page needs, so that they can be stored with the page.

/** The addresses of the files in a page, as the page writes them, each once. */
export function filesOf(page: Document): string[] {
  const named = page.querySelectorAll("link[href], script[src], img[src]");
  const addresses = [...named].map((one) => one.getAttribute("href") ?? one.getAttribute("src"));
  return [...new Set(addresses.filter((address) => address !== null))];
}
