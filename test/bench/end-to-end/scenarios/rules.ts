import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathOfRule, startEastbound } from "../contestants/eastbound.ts";
import type { Finding, Run } from "../run.ts";
import { cpuRatio, type Entrant, takeTurns, turnTable } from "../turns.ts";

const MANY = 5_000;

const withRules = (name: string, rules: number): Entrant => ({
  name,
  start: (setup) => startEastbound(setup, { services: [{ ...setup, rules }] }),
});

const load = { connections: 32, path: `${pathOfRule(MANY / 2)}/4711` };

/** One rule beside 5,000 on the same Service: all requests for one of the rules, then each for another one. */
export async function compareRules(run: Run): Promise<Finding> {
  const script = await scriptOfAllPaths(run);
  const one = await takeTurns(run, load, [withRules("1 rule", 1), withRules("5,000 rules", MANY)]);
  const all = await takeTurns(run, { ...load, script }, [
    withRules("1 rule, 5,000 paths", 1),
    withRules("5,000 rules, each in use", MANY),
  ]);
  const gate = ([first, second]: typeof one, name: string) =>
    ({
      name: `5,000 rules ÷ 1 rule, CPU per request, ${name}`,
      measured: cpuRatio(second, first),
      limit: 1.1,
      kind: "at most",
      unit: "",
    }) as const;
  return {
    scenario: "rules",
    table: [
      ...turnTable(one, { "1 rule": "1 rule" }),
      ...turnTable(all, { "1 rule, 5,000 paths": "1 rule" }),
    ],
    gates: [gate(one, "one path"), gate(all, "all paths")],
    data: { one, all },
  };
}

/** Requests to the paths of all rules in turn, ready to send: what is measured is the proxy. */
async function scriptOfAllPaths(run: Run): Promise<string> {
  const file = join(await run.createFolder("wrk"), "all-paths.lua");
  const [before, after] = pathOfRule(0).split("0");
  await writeFile(
    file,
    `local requests, at = {}, 0
init = function()
  for rule = 0, ${MANY - 2} do requests[rule] = wrk.format("GET", "${before}" .. rule .. "${after}/4711") end
end
request = function()
  at = (at + 7) % ${MANY - 1}
  return requests[at]
end
`,
  );
  return file;
}
