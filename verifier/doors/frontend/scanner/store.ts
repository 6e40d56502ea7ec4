// What this device keeps on its disk.

import { Database } from "#web/database.ts";

/** `kept`: single things by name; `lists`: status lists; `scans`: those not sent yet. */
export const store = new Database("health-code-scanner", ["kept", "lists", "scans"] as const);
