// Names that the page and the service worker share, for the stored page and its files.

export const CACHE = "scanner";
export const KEPT_PAGE = "/scanner?kept";
/** The header with which the page asks the worker to pass a request to the server. */
export const ANEW = "X-Anew";
