// The page's elements, and what the server wrote into the page.

/** The element with this id; the page and its script are made for each other. */
export function byId<T extends Element>(id: string, kind: abstract new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

export function fill(id: string, text: string): void {
  byId(id, HTMLElement).textContent = text;
}

/** What the template's `json_script` wrote under this id. */
export function written<T>(id: string): T {
  return JSON.parse(byId(id, HTMLScriptElement).textContent ?? "") as T;
}

export const language = document.documentElement.lang;
