// Removes what this browser keeps for a resident, after logging out or erasure. Only that: a browser
// may be a door, too, whose unsent scans `Clear-Site-Data` would take away.

import { POCKET_CACHE, POCKET_DATABASE } from "#web/personal.ts";

indexedDB.deleteDatabase(POCKET_DATABASE);
// Browsers offer caches only to pages that came over https.
if (globalThis.caches !== undefined) void caches.delete(POCKET_CACHE);
