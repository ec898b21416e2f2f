import type { Child } from "./children.ts";
import type { Setup } from "./contestant.ts";
import { startBackend } from "./contestants/nginx.ts";
import { freePorts } from "./ports.ts";
import { mebibytes, spreadText } from "./report.ts";
import type { Run } from "./run.ts";
import { spreadOf } from "./statistics.ts";
import { cpuNsOf, type Memory, memoryOf } from "./usage.ts";
import { type Load, type LoadResult, runWrk } from "./wrk.ts";

/** Time for a just-in-time compiler to settle, before the first round. */
const WARM_UP_SECONDS = 3;

/** A proxy that takes part, and how it is started. */
export interface Entrant {
  readonly name: string;
  start(setup: Setup): Promise<Child>;
}

/** The load on each: kept-alive HTTP/1.1 connections, each asking again once it is answered. */
export type TurnLoad = Pick<Load, "connections" | "path" | "script">;

/** One measurement of one proxy. */
interface Sample extends LoadResult {
  readonly cpuUsPerRequest: number;
  /** How much of its core the proxy used, 0 to 1. */
  readonly cpuShare: number;
}

/** An entrant with what was measured, round by round. */
export interface Measured {
  readonly name: string;
  readonly samples: readonly Sample[];
  /** After the last round, under no load. */
  readonly memory: Memory;
}

interface Started extends Entrant {
  readonly child: Child;
  readonly port: number;
  readonly samples: Sample[];
}

/**
 * All proxies stand side by side and take turns, A B C D A B C D …, so that a change of the machine's speed meets all of
 * them alike. Only one is loaded at a time; the others are idle.
 */
export async function takeTurns(
  run: Run,
  load: TurnLoad,
  entrants: readonly Entrant[],
): Promise<readonly Measured[]> {
  const { children, loadCpu, proxyCpu } = run;
  const [backendPort = 0, ...ports] = await freePorts(1 + entrants.length);
  await using stack = new AsyncDisposableStack();
  const folder = await run.createFolder("backend");
  stack.use(await startBackend({ children, cpu: loadCpu, folder, port: backendPort }));
  const started: Started[] = [];
  for (const [index, entrant] of entrants.entries()) {
    const port = ports[index] ?? 0;
    const setup = {
      children,
      cpu: proxyCpu,
      folder: await run.createFolder(entrant.name),
      port,
      backendPort,
    };
    const child = stack.use(await entrant.start(setup));
    await runWrk({ ...load, port, seconds: WARM_UP_SECONDS, cpu: loadCpu });
    started.push({ ...entrant, child, port, samples: [] });
  }
  for (let round = 0; round < run.rounds; round++) {
    for (const each of started) each.samples.push(await sampleOf(run, load, each));
  }
  return started.map(({ name, samples, child }) => ({ name, samples, memory: memoryOf(child.pid) }));
}

async function sampleOf(run: Run, load: TurnLoad, { child, port }: Started): Promise<Sample> {
  const before = cpuNsOf(child.pid);
  const result = await runWrk({ ...load, port, seconds: run.seconds, cpu: run.loadCpu });
  child.assertAlive();
  const cpuNs = cpuNsOf(child.pid) - before;
  return {
    ...result,
    cpuUsPerRequest: cpuNs / 1e3 / result.requests,
    cpuShare: cpuNs / 1e9 / (result.requests / result.requestsPerSecond),
  };
}

/** The median of the ratios of CPU time per request within a round: both sides then met the same machine. */
export function cpuRatio(ours: Measured | undefined, theirs: Measured | undefined): number {
  const ratios = (ours?.samples ?? []).map(
    ({ cpuUsPerRequest }, round) => cpuUsPerRequest / (theirs?.samples[round]?.cpuUsPerRequest ?? Number.NaN),
  );
  return spreadOf(ratios).median;
}

/** A table with a line per proxy, with the ratios to those of `references` that took part. */
export function turnTable(
  measured: readonly Measured[],
  references: Readonly<Record<string, string>>,
): readonly Readonly<Record<string, string>>[] {
  return measured.map((each) => {
    const spread = (key: keyof Sample): ReturnType<typeof spreadOf> =>
      spreadOf(each.samples.map((sample) => sample[key]));
    const ratios = Object.entries(references).flatMap(([name, title]): [string, string][] => {
      const reference = measured.find((other) => other.name === name);
      return reference === undefined ? [] : [[`÷ ${title}`, cpuRatio(each, reference).toFixed(2)]];
    });
    return {
      proxy: each.name,
      "CPU µs/request": spreadText(spread("cpuUsPerRequest"), 2),
      ...Object.fromEntries(ratios),
      "requests/s": spread("requestsPerSecond").median.toFixed(0),
      "core used": `${(spread("cpuShare").median * 100).toFixed(0)} %`,
      "p50 ms": (spread("p50Us").median / 1e3).toFixed(2),
      "p99 ms": (spread("p99Us").median / 1e3).toFixed(2),
      "USS MB": mebibytes(each.memory.uss).toFixed(1),
      "PSS MB": mebibytes(each.memory.pss).toFixed(1),
    };
  });
}
