// Names that the page and its service worker share.

export { POCKET_CACHE as CACHE } from "#web/personal.ts";
export const PAGE = "/pocket";
