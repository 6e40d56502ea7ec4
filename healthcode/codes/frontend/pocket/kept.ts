// Where the page and all it needs are kept: what page and service worker agree on.

export { POCKET_CACHE as CACHE } from "#web/personal.ts";
export const PAGE = "/pocket";
