// What browsers keep for a resident beside the session, by name: it ends with the session.

/** The code taken along, with its key. */
export const POCKET_DATABASE = "health-code-pocket";
/** The page that shows it. */
export const POCKET_CACHE = "pocket";
