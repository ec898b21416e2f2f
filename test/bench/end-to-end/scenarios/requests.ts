import { contestants } from "../contestants/all.ts";
import type { Finding, Gate, Run } from "../run.ts";
import { cpuRatio, takeTurns, turnTable } from "../turns.ts";

/** The comparison of all proxies at one number of connections and one size of answer. */
export interface RequestScenario {
  readonly name: string;
  readonly connections: number;
  readonly path: string;
}

export const requestScenarios: readonly RequestScenario[] = [
  { name: "32x12", connections: 32, path: "/12" },
  { name: "128x1k", connections: 128, path: "/1k" },
];

/** What Eastbound's CPU time per request may be, in terms of another proxy's. */
const limits = { envoy: 0.45, haproxy: 1.15 } as const;

export async function compareRequests(run: Run, scenario: RequestScenario): Promise<Finding> {
  const measured = await takeTurns(
    run,
    scenario,
    run.contestants.map((name) => contestants[name]),
  );
  const ours = measured.find(({ name }) => name === "eastbound");
  const gates = Object.entries(limits).flatMap(([name, limit]): readonly Gate[] => {
    const theirs = measured.find((each) => each.name === name);
    if (ours === undefined || theirs === undefined) return [];
    const title = `${scenario.name}: CPU per request ÷ ${name}'s`;
    return [{ name: title, measured: cpuRatio(ours, theirs), limit, kind: "at most", unit: "" }];
  });
  return {
    scenario: scenario.name,
    table: turnTable(measured, { haproxy: "HAProxy", envoy: "Envoy" }),
    gates,
    data: measured,
  };
}
