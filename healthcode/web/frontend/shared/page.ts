// Access to the page's elements, and to data that the server wrote into the page.

/** Return the element with this id. Throws if it is missing, because the script needs it. */
export function byId<T extends Element>(id: string, kind: abstract new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

export function fill(id: string, text: string): void {
  byId(id, HTMLElement).textContent = text;
}

/** Return the data that the template's `json_script` wrote under this id. */
export function written<T>(id: string): T {
  return JSON.parse(byId(id, HTMLScriptElement).textContent ?? "") as T;
}

export const language = document.documentElement.lang;

const isChinese = language.startsWith("zh");
/** Stands between a label and its value: Chinese has no blank there. */
export const GAP = isChinese ? "" : " ";
/** Stands between the items of a list. */
export const COMMA = isChinese ? "、" : ", ";
