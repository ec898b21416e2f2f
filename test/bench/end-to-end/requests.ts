import type { Child } from "./children.ts";
import { CONTESTANT_NAMES, type Contestant, type ContestantName } from "./contestant.ts";
import { eastbound } from "./contestants/eastbound.ts";
import { envoy } from "./contestants/envoy.ts";
import { haproxy } from "./contestants/haproxy.ts";
import { nginx, startBackend } from "./contestants/nginx.ts";
import { freePorts } from "./ports.ts";
import { mebibytes, spreadText } from "./report.ts";
import type { Finding, Gate, Run } from "./run.ts";
import { spreadOf } from "./statistics.ts";
import { cpuNsOf, type Memory, memoryOf } from "./usage.ts";
import { type LoadResult, runWrk } from "./wrk.ts";

export const contestants: Readonly<Record<ContestantName, Contestant>> = { eastbound, nginx, haproxy, envoy };

/** Load on the one route: kept-alive HTTP/1.1 connections, each asking again once it is answered. */
export interface RequestScenario {
  readonly name: string;
  readonly connections: number;
  readonly path: string;
}

export const requestScenarios: readonly RequestScenario[] = [
  { name: "32x12", connections: 32, path: "/12" },
  { name: "128x1k", connections: 128, path: "/1k" },
];

/** Time for a just-in-time compiler to settle, before the first round. */
const WARM_UP_SECONDS = 2;

/** One measurement of one proxy. */
interface Sample extends LoadResult {
  readonly cpuUsPerRequest: number;
  /** How much of its core the proxy used, 0 to 1. */
  readonly cpuShare: number;
}

interface Measured {
  readonly name: ContestantName;
  readonly child: Child;
  readonly port: number;
  readonly samples: Sample[];
  memory: Memory;
}

/**
 * All proxies stand side by side and take turns, A B C D A B C D …, so that a change of the machine's speed meets all of
 * them alike. Only one is loaded at a time; the others are idle.
 */
export async function compareRequests(run: Run, scenario: RequestScenario): Promise<Finding> {
  const { children, loadCpu, proxyCpu } = run;
  const [backendPort = 0, ...ports] = await freePorts(1 + run.contestants.length);
  await using stack = new AsyncDisposableStack();
  stack.use(
    await startBackend({
      children,
      cpu: loadCpu,
      folder: await run.createFolder("backend"),
      port: backendPort,
    }),
  );
  const measured: Measured[] = [];
  for (const [index, name] of run.contestants.entries()) {
    const port = ports[index] ?? 0;
    const folder = await run.createFolder(name);
    const child = stack.use(
      await contestants[name].start({ children, cpu: proxyCpu, folder, port, backendPort }),
    );
    await runWrk({ ...loadOf(scenario, port), seconds: WARM_UP_SECONDS, cpu: loadCpu });
    measured.push({ name, child, port, samples: [], memory: memoryOf(child.pid) });
  }
  for (let round = 0; round < run.rounds; round++) {
    for (const each of measured) each.samples.push(await sampleOf(run, scenario, each));
  }
  for (const each of measured) each.memory = memoryOf(each.child.pid);
  return findingOf(scenario, measured);
}

function loadOf({ connections, path }: RequestScenario, port: number): { url: string; connections: number } {
  return { url: `http://127.0.0.1:${port}${path}`, connections };
}

async function sampleOf(run: Run, scenario: RequestScenario, { child, port }: Measured): Promise<Sample> {
  const before = cpuNsOf(child.pid);
  const load = await runWrk({ ...loadOf(scenario, port), seconds: run.seconds, cpu: run.loadCpu });
  child.assertAlive();
  const cpuNs = cpuNsOf(child.pid) - before;
  return {
    ...load,
    cpuUsPerRequest: cpuNs / 1e3 / load.requests,
    cpuShare: cpuNs / 1e9 / (load.requests / load.requestsPerSecond),
  };
}

const byColumn = ({ samples }: Measured, key: keyof Sample): number[] => samples.map((sample) => sample[key]);

const medianOf = (each: Measured | undefined, key: keyof Sample): number =>
  each === undefined ? Number.NaN : spreadOf(byColumn(each, key)).median;

/** The median of the ratios within a round: both sides then met the same machine. */
function ratioOf(ours: Measured, theirs: Measured): number {
  return spreadOf(
    ours.samples.map(
      ({ cpuUsPerRequest }, round) =>
        cpuUsPerRequest / (theirs.samples[round]?.cpuUsPerRequest ?? Number.NaN),
    ),
  ).median;
}

function findingOf(scenario: RequestScenario, measured: readonly Measured[]): Finding {
  const find = (name: ContestantName): Measured | undefined => measured.find((each) => each.name === name);
  const [haproxyOne, envoyOne, ours] = [find("haproxy"), find("envoy"), find("eastbound")];
  const ratio = (each: Measured, to: Measured | undefined): string =>
    to === undefined ? "–" : ratioOf(each, to).toFixed(2);
  const table = measured.map((each) => ({
    proxy: each.name,
    "CPU µs/request": spreadText(spreadOf(byColumn(each, "cpuUsPerRequest")), 2),
    "÷ HAProxy": ratio(each, haproxyOne),
    "÷ Envoy": ratio(each, envoyOne),
    "requests/s": medianOf(each, "requestsPerSecond").toFixed(0),
    "core used": `${(medianOf(each, "cpuShare") * 100).toFixed(0)} %`,
    "p50 ms": (medianOf(each, "p50Us") / 1e3).toFixed(2),
    "p99 ms": (medianOf(each, "p99Us") / 1e3).toFixed(2),
    "USS MB": mebibytes(each.memory.uss).toFixed(0),
    "PSS MB": mebibytes(each.memory.pss).toFixed(0),
  }));
  const gate = (other: Measured | undefined, limit: number): readonly Gate[] =>
    ours === undefined || other === undefined
      ? []
      : [
          {
            name: `${scenario.name}: CPU per request ÷ ${other.name}'s`,
            measured: ratioOf(ours, other),
            limit,
            kind: "at most",
            unit: "",
          },
        ];
  return {
    scenario: scenario.name,
    table,
    gates: [...gate(envoyOne, 0.45), ...gate(haproxyOne, 1.15)],
    data: measured.map(({ name, samples, memory }) => ({ name, samples, memory })),
  };
}

/** The proxies of a list, in the order of the comparison. */
export const inOrder = (names: readonly string[]): readonly ContestantName[] =>
  CONTESTANT_NAMES.filter((name) => names.includes(name));
