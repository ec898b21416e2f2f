import type { SidecarReport, TypeReport } from "../../../src/controller/sidecar-report.ts";

export const inSync: readonly TypeReport[] = [
  { type: "Self", state: "in-sync", resources: 1 },
  { type: "Backend", state: "in-sync", resources: 5 },
  { type: "Frontend", state: "in-sync", resources: 3 },
];

/** A sidecar of namespace shop that is in sync, unless told otherwise. */
export function sidecar(of: Partial<SidecarReport> = {}): SidecarReport {
  return {
    namespace: "shop",
    pod: "cart-1",
    node: "node-1",
    serviceAccount: "default",
    client: { id: "cart-1", version: "eastbound 0.1.0" },
    connectedForMs: 11_520_400,
    types: inSync,
    ...of,
  };
}

export const refused: TypeReport = {
  type: "Frontend",
  state: "refused",
  resources: 3,
  forMs: 61_000,
  lastRefusal: { reason: "rules[0]: too long", ageMs: 60_900, names: ["10.0.0.1:80", "10.0.0.2:80"] },
};
