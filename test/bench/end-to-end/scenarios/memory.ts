import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Child } from "../children.ts";
import { type BenchService, startEastbound } from "../contestants/eastbound.ts";
import { startEnvoy } from "../contestants/envoy.ts";
import { startBackend } from "../contestants/nginx.ts";
import { openConnections } from "../peers/kept-connections.ts";
import { freePorts } from "../ports.ts";
import { mebibytes } from "../report.ts";
import type { Finding, Gate, Run } from "../run.ts";
import { type Memory, memoryOf } from "../usage.ts";
import { runWrk } from "../wrk.ts";

const SIDECARS = 3;
const SERVICES = 20;
const REQUESTS_PER_SERVICE = 200;
/** For what is freed late, and for timers that give memory back. */
const SETTLE_MS = 3_000;

const limits = { uss: 32, pss: 48 } as const;

/** Three of a kind on one machine, as pods of a node share it; what one of them takes. */
export async function measureSidecars(run: Run): Promise<Finding> {
  const rows: Readonly<Record<string, string>>[] = [];
  const gates: Gate[] = [];
  const data: Record<string, unknown> = {};
  for (const name of run.contestants.filter((each) => each === "eastbound" || each === "envoy")) {
    const stages = await measureThree(run, name);
    data[name] = stages;
    for (const [stage, { uss, pss, rss }] of Object.entries(stages)) {
      rows.push({
        "one of three": `${name}, ${stage}`,
        "USS MB": mebibytes(uss).toFixed(1),
        "PSS MB": mebibytes(pss).toFixed(1),
        "RSS MB": mebibytes(rss).toFixed(1),
      });
      if (name === "eastbound" && stage !== "after load") gates.push(...gatesOf(stage, { uss, pss }));
    }
  }
  return { scenario: "memory", table: rows, gates, data };
}

function gatesOf(stage: string, memory: Pick<Memory, "uss" | "pss">): readonly Gate[] {
  return (["uss", "pss"] as const).map((key) => ({
    name: `${key.toUpperCase()} of one of three sidecars, ${stage}`,
    measured: mebibytes(memory[key]),
    limit: limits[key],
    kind: "at most",
    unit: " MB",
  }));
}

type Stages = Readonly<Record<"at rest" | "after requests" | "after load", Memory>>;

async function measureThree(run: Run, name: "eastbound" | "envoy"): Promise<Stages> {
  const { children, loadCpu, proxyCpu: cpu } = run;
  await using stack = new AsyncDisposableStack();
  const [backendPort = 0] = await freePorts(1);
  const backendFolder = await run.createFolder("backend");
  stack.use(await startBackend({ children, cpu: loadCpu, folder: backendFolder, port: backendPort }));
  // A copy of the program, so that pages are shared among these three only, and not with this script.
  const node = join(await run.createFolder("node"), "node");
  await copyFile(process.execPath, node);
  const sidecars: { child: Child; ports: readonly number[] }[] = [];
  for (let index = 0; index < SIDECARS; index++) {
    const ports = await freePorts(SERVICES);
    const services = ports.map((port): BenchService => ({ port, backendPort, rules: 1 }));
    const setup = { children, cpu, folder: await run.createFolder(name) };
    const child =
      name === "eastbound"
        ? await startEastbound(setup, { services, node })
        : await startEnvoy(setup, services);
    sidecars.push({ child: stack.use(child), ports });
  }
  const last = sidecars.at(-1);
  if (last === undefined) throw new Error("there is no sidecar");
  const memory = async (): Promise<Memory> => {
    await sleep(SETTLE_MS);
    return memoryOf(last.child.pid);
  };
  const atRest = await memory();
  for (const { ports } of sidecars) await askEach(ports);
  const afterRequests = await memory();
  for (const { ports } of sidecars)
    await runWrk({ port: ports[0] ?? 0, path: "/12", connections: 32, seconds: run.seconds, cpu: loadCpu });
  return { "at rest": atRest, "after requests": afterRequests, "after load": await memory() };
}

/** Some requests to each Service, one after the other. */
async function askEach(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    await using connections = await openConnections({ port, count: 1 });
    for (let index = 0; index < REQUESTS_PER_SERVICE; index++) await connections.askOnce();
  }
}
