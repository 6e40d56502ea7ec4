// Where the page and all it needs are kept: what page and service worker agree on.

export const CACHE = "scanner";
export const KEPT_PAGE = "/scanner?kept";
/** A header that tells the worker to leave a request to the server. */
export const ANEW = "X-Anew";
