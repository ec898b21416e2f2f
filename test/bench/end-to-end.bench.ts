// npm run bench, or after a build: node test/bench/end-to-end.bench.ts [--only NAMES] [--scenario NAMES] [--rounds N]
// [--seconds N] [--json FILE] [--nice=-N]. Compares dist/eastbound.js with other proxies side by side;
// docs/performance.md says how to read it.
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, cpus, release, setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Children } from "./end-to-end/children.ts";
import { CONTESTANT_NAMES } from "./end-to-end/contestant.ts";
import { contestants } from "./end-to-end/contestants/all.ts";
import { printFinding } from "./end-to-end/report.ts";
import { type Finding, isMet, type Run } from "./end-to-end/run.ts";
import { measureBackpressure } from "./end-to-end/scenarios/backpressure.ts";
import { measureIdleConnections } from "./end-to-end/scenarios/idle.ts";
import { measureSidecars } from "./end-to-end/scenarios/memory.ts";
import { compareRequests, requestScenarios } from "./end-to-end/scenarios/requests.ts";
import { compareRules } from "./end-to-end/scenarios/rules.ts";
import { compareTcp } from "./end-to-end/scenarios/tcp.ts";
import { provideTools } from "./end-to-end/tools.ts";

const scenarios: Readonly<Record<string, (run: Run) => Promise<Finding>>> = {
  ...Object.fromEntries(
    requestScenarios.map((scenario) => [scenario.name, (run: Run) => compareRequests(run, scenario)]),
  ),
  rules: compareRules,
  memory: measureSidecars,
  idle: measureIdleConnections,
  tcp: compareTcp,
  backpressure: measureBackpressure,
};

const { values } = parseArgs({
  options: {
    only: { type: "string", default: CONTESTANT_NAMES.join(",") },
    scenario: { type: "string", default: Object.keys(scenarios).join(",") },
    rounds: { type: "string", default: "10" },
    seconds: { type: "string", default: "3" },
    json: { type: "string" },
    nice: { type: "string", default: "0" },
    "proxy-cpu": { type: "string", default: "1" },
    "load-cpu": { type: "string", default: "0" },
  },
});

async function main(): Promise<void> {
  const names = listed("only", values.only, CONTESTANT_NAMES);
  const chosen = listed("scenario", values.scenario, Object.keys(scenarios));
  if (availableParallelism() < 2)
    throw new Error("two cores are needed: one for the proxy, one for the load");
  const contestantNames = CONTESTANT_NAMES.filter((name) => names.includes(name));
  await provideTools(contestantNames);
  // For a machine that others use too: below 0, which needs root, everything that is started here goes before them.
  if (values.nice !== "0") setPriority(Number(values.nice));
  await using stack = new AsyncDisposableStack();
  const base = await mkdtemp(join(tmpdir(), "eastbound-bench-"));
  stack.defer(() => rm(base, { recursive: true, force: true }));
  const children = stack.use(new Children());
  let folders = 0;
  const run: Run = {
    children,
    contestants: contestantNames,
    rounds: positive("rounds", values.rounds),
    seconds: positive("seconds", values.seconds),
    proxyCpu: Number(values["proxy-cpu"]),
    loadCpu: Number(values["load-cpu"]),
    createFolder: async (name) => {
      folders += 1;
      const folder = join(base, `${folders}-${name}`);
      await mkdir(folder);
      return folder;
    },
  };
  cleanUpAtExit(children, base);
  const machine = await describeMachine(run);
  for (const [key, value] of Object.entries(machine)) console.log(`${key}: ${value}`);
  const findings: Finding[] = [];
  for (const name of chosen) {
    const finding = await scenarios[name]?.(run);
    if (finding === undefined) continue;
    printFinding(finding);
    findings.push(finding);
  }
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ machine, findings }, undefined, 2)}\n`);
  if (!findings.flatMap(({ gates }) => gates).every(isMet)) process.exitCode = 1;
}

function listed(flag: string, text: string, known: readonly string[]): readonly string[] {
  const names = text.split(",");
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`--${flag}: ${unknown.join(", ")} is none of ${known.join(", ")}`);
  return names;
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${flag}: ${text} is no number above 0`);
  return value;
}

async function describeMachine(run: Run): Promise<Readonly<Record<string, string>>> {
  const versions: Record<string, string> = {};
  for (const name of run.contestants) versions[name] = await contestants[name].version();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} cores`,
    kernel: release(),
    node: process.versions.node,
    ...versions,
    measured: `${run.rounds} rounds of ${run.seconds} s; proxy on core ${run.proxyCpu}, load and endpoint on core ${run.loadCpu}; niceness ${values.nice}`,
  };
}

/** A run that breaks off, for whatever reason, leaves nothing behind. */
function cleanUpAtExit(children: Children, folder: string): void {
  process.once("exit", () => {
    children.kill();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => process.exit(130));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
