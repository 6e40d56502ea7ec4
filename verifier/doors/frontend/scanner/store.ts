// The database of this device (IndexedDB).

import { Database } from "#web/database.ts";

/** `kept`: single values by name; `lists`: status lists; `scans`: scans not sent yet. */
export const store = new Database("health-code-scanner", ["kept", "lists", "scans"] as const);
