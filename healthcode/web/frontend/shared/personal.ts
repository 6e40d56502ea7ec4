// Names of what a browser stores for a resident. It is deleted when the session ends.

/** The bound code of the pocket page, with its key. */
export const POCKET_DATABASE = "health-code-pocket";
/** The pocket page itself. */
export const POCKET_CACHE = "pocket";
