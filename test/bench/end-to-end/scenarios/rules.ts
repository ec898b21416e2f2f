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

/**
 * One rule beside 5,000 on the same Service. First all requests are for one of the rules: that is what having the others
 * costs. Then each request is for the next rule: the plans and the metrics of 5,000 rules take turns in the caches.
 */
export async function compareRules(run: Run): Promise<Finding> {
  const one = await takeTurns(run, load, [withRules("1 rule", 1), withRules("5,000 rules", MANY)]);
  const each = await takeTurns(run, { ...load, script: await scriptOfAllPaths(run) }, [
    withRules("1 rule, 5,000 paths", 1),
    withRules("5,000 rules, each in use", MANY),
  ]);
  return {
    scenario: "rules",
    table: [
      ...turnTable(one, { "1 rule": "1 rule" }),
      ...turnTable(each, { "1 rule, 5,000 paths": "1 rule" }),
    ],
    gates: [
      {
        name: "CPU per request with 5,000 rules ÷ with 1",
        measured: cpuRatio(one[1], one[0]),
        limit: 1.1,
        kind: "at most",
        unit: "",
      },
    ],
    data: { one, each },
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
