/**
 * Service is the only kind that the mesh resolves, as a parent and as a backend. The core group is the empty string;
 * documentation often writes `core`, which means nothing else, so it is taken as well.
 */
export function isServiceKind(group: string, kind: string): boolean {
  return (group === "" || group === "core") && kind === "Service";
}
