/** RFC 3339 in UTC, to the second, as Kubernetes writes times. Milliseconds since 1970 in. */
export function timestamp(wallTimeMs: number): string {
  return `${new Date(wallTimeMs).toISOString().slice(0, 19)}Z`;
}
