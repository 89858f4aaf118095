/** What the server is told with `maxTimeMS`; the driver's own limits are somewhat above. */
export const COMMIT_MS = 1_000;
export const READ_MS = 2_000;
