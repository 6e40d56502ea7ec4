// What a page needs beside itself, to be kept with it.

/** The addresses of the files that a page names, as it names them, each once. */
export function filesOf(page: Document): string[] {
  const named = page.querySelectorAll("link[href], script[src], img[src]");
  const addresses = [...named].map((one) => one.getAttribute("href") ?? one.getAttribute("src"));
  return [...new Set(addresses.filter((address) => address !== null))];
}
