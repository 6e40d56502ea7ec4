// Deletes what this browser keeps for a resident, after a logout or an erasure. It does not use
// `Clear-Site-Data`, because the same browser may be a door's scanner with unsent scans.

import { POCKET_CACHE, POCKET_DATABASE } from "#web/personal.ts";

indexedDB.deleteDatabase(POCKET_DATABASE);
// Browsers have `caches` only for pages that came over https.
if (globalThis.caches !== undefined) void caches.delete(POCKET_CACHE);
