// Where the page and all it needs are kept: what page and service worker agree on.

export const CACHE = "pocket";
export const PAGE = "/pocket";
