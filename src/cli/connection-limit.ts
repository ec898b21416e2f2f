/** Listeners, watched folders, clients of the admin endpoints and what Node itself holds. */
const MOST_RESERVED = 320;
const LEAST_RESERVED = 32;

/**
 * How many clients' connections fit under a limit on open files: each may need one to an endpoint as well, and a share
 * is left to everything else.
 */
export function connectionsWithin(openFiles: number): number {
  const reserved = Math.min(MOST_RESERVED, LEAST_RESERVED + Math.floor(openFiles / 4));
  return Math.max(1, Math.floor((openFiles - reserved) / 2));
}
