// node test/bench/controlled/controlled.bench.ts, as root and after a build: what the sidecar behind a controller takes. Runs in a
// network of its own, with iptables. Memory of one of three sidecars at rest and after requests to 20 Services each; the
// heap with 1,000 and with 10,000 Services in the cluster, of which it calls 20; and the first request to a destination
// beside the second.
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import net from "node:net";
import { setPriority, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Children } from "../end-to-end/children.ts";
import { mebibytes, printFinding } from "../end-to-end/report.ts";
import { type Finding, isMet } from "../end-to-end/run.ts";
import { type Memory, memoryOf } from "../end-to-end/usage.ts";
import { benchAddress, SERVICES_EACH } from "./bench-address.ts";
import { askOften, enterNetwork, startController, startSidecar, timeOneRequest } from "./network.ts";

const SIDECARS = 3;
const CALLED = 20;
const REQUESTS_PER_SERVICE = 200;
const ROUNDS = 5;
/** For what is freed late, and for timers that give memory back. */
const SETTLE_MS = 3_000;
const NETWORKS = SIDECARS + 1;

const { values } = parseArgs({
  options: {
    scenario: { type: "string", default: "first,memory,heap" },
    nice: { type: "string", default: "0" },
  },
});

interface Bench {
  readonly children: Children;
  readonly endpointPort: number;
  readonly folder: string;
}

/** An endpoint that answers each read with a few bytes. */
async function startEndpoint(): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on("error", () => undefined);
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nhello world\n"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return (server.address() as net.AddressInfo).port;
}

const called = (network: number, count: number) =>
  Array.from({ length: count }, (_, index) => benchAddress(network * SERVICES_EACH + index));

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

interface FirstRequests {
  /** Milliseconds of the first request to each destination, and of the second. */
  readonly firsts: readonly number[];
  readonly seconds: readonly number[];
}

/** One destination after the other, each dialled twice, by a sidecar that just began. */
async function askEachTwice(
  { children }: Bench,
  flags: readonly string[],
  count: number,
): Promise<FirstRequests> {
  await using _ = await startSidecar(children, { network: SIDECARS, flags });
  await sleep(1_000);
  const firsts: number[] = [];
  const seconds: number[] = [];
  for (const service of called(SIDECARS, count)) {
    firsts.push(await timeOneRequest(service));
    seconds.push(await timeOneRequest(service));
  }
  return { firsts, seconds };
}

async function measureFirst(bench: Bench): Promise<Finding> {
  await using controller = await startController(NETWORKS * SERVICES_EACH, bench.endpointPort);
  // The controller of a cluster has done all of this before.
  const flagsOf = (name: string) =>
    controller.flags.map((flag, at) =>
      controller.flags[at - 1] === "--snapshot" ? `${flag}-${name}` : flag,
    );
  await askEachTwice(bench, flagsOf("warm"), CALLED);
  const veryFirst: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { firsts, seconds } = await askEachTwice(bench, flagsOf(`begin-${round}`), 1);
    veryFirst.push((firsts[0] ?? Number.NaN) - (seconds[0] ?? Number.NaN));
  }
  const { firsts, seconds } = await askEachTwice(bench, flagsOf("all"), SERVICES_EACH);
  const more = firsts.map((first, index) => first - (seconds[index] ?? Number.NaN));
  const row = (what: string, times: readonly number[]) => {
    const sorted = times.toSorted((a, b) => a - b);
    return {
      "ms from dialling to the answer": what,
      median: quantile(sorted, 0.5).toFixed(2),
      p90: quantile(sorted, 0.9).toFixed(2),
      p99: quantile(sorted, 0.99).toFixed(2),
    };
  };
  const medianOf = (times: readonly number[]): number =>
    quantile(
      times.toSorted((a, b) => a - b),
      0.5,
    );
  return {
    scenario: "first request to a destination",
    table: [
      row(`first, ${SERVICES_EACH} destinations`, firsts),
      row("second", seconds),
      row("what the first costs more", more),
      row(`the same for the first destination of all, ${ROUNDS} sidecars`, veryFirst),
    ],
    gates: [
      {
        name: "what the first costs more, median",
        measured: medianOf(more),
        limit: 10,
        kind: "at most",
        unit: " ms",
      },
      {
        name: "the same for the first destination of all, median",
        measured: medianOf(veryFirst),
        limit: 10,
        kind: "at most",
        unit: " ms",
      },
    ],
    data: { firsts, seconds, veryFirst },
  };
}

async function measureMemory({ children, endpointPort, folder }: Bench): Promise<Finding> {
  // A copy of the program, so that pages are shared among these three only, and not with this script.
  const node = join(folder, "node");
  await copyFile(process.execPath, node);
  await using controller = await startController(NETWORKS * SERVICES_EACH, endpointPort);
  const sidecars = [];
  for (let network = 0; network < SIDECARS; network++)
    sidecars.push(await startSidecar(children, { network, flags: controller.flags, node }));
  const last = sidecars.at(-1);
  if (last === undefined) throw new Error("there is no sidecar");
  const memory = async (): Promise<Memory> => {
    await sleep(SETTLE_MS);
    return memoryOf(last.pid);
  };
  const atRest = await memory();
  for (let network = 0; network < SIDECARS; network++)
    for (const service of called(network, CALLED)) await askOften(service, REQUESTS_PER_SERVICE);
  const afterRequests = await memory();
  for (const sidecar of sidecars) await sidecar[Symbol.asyncDispose]();
  const stages = { "at rest": atRest, "after requests": afterRequests };
  return {
    scenario: "memory behind a controller",
    table: Object.entries(stages).map(([stage, { uss, pss, rss }]) => ({
      "one of three": stage,
      "USS MB": mebibytes(uss).toFixed(1),
      "PSS MB": mebibytes(pss).toFixed(1),
      "RSS MB": mebibytes(rss).toFixed(1),
    })),
    gates: Object.entries(stages).flatMap(([stage, { uss, pss }]) => [
      { name: `USS, ${stage}`, measured: mebibytes(uss), limit: 32, kind: "at most", unit: " MB" } as const,
      { name: `PSS, ${stage}`, measured: mebibytes(pss), limit: 48, kind: "at most", unit: " MB" } as const,
    ]),
    data: stages,
  };
}

/** heapUsed + external in MB, of a sidecar that calls a few of so many Services. */
async function heapWith({ children, endpointPort, folder }: Bench, services: number): Promise<number> {
  await using controller = await startController(services, endpointPort);
  const report = join(folder, "memory");
  rmSync(report, { force: true });
  const reporter = join(import.meta.dirname, "report-memory.ts");
  await using sidecar = await startSidecar(children, {
    network: 0,
    flags: controller.flags,
    nodeFlags: ["--expose-gc", "--import", reporter],
    environment: { MEMORY_REPORT: report },
  });
  for (const service of called(0, CALLED)) await askOften(service, REQUESTS_PER_SERVICE);
  await sleep(SETTLE_MS);
  process.kill(sidecar.pid, "SIGUSR2");
  while (!existsSync(report)) await sleep(20);
  return mebibytes(Number(readFileSync(report, "utf8")));
}

async function measureHeap(bench: Bench): Promise<Finding> {
  const few: number[] = [];
  const many: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    few.push(await heapWith(bench, 1_000));
    many.push(await heapWith(bench, 10_000));
  }
  const median = (values: readonly number[]): number =>
    quantile(
      [...values].sort((a, b) => a - b),
      0.5,
    );
  const row = (what: string, sizes: readonly number[]) => ({
    "Services in the cluster": what,
    "heapUsed + external MB": `${median(sizes).toFixed(2)} (${sizes.map((size) => size.toFixed(2)).join(", ")})`,
  });
  return {
    scenario: `heap of a sidecar that calls ${CALLED} Services`,
    table: [row("1,000", few), row("10,000", many)],
    gates: [
      {
        name: "what 10,000 take more than 1,000, medians",
        measured: Math.abs(median(many) - median(few)),
        limit: 1,
        kind: "at most",
        unit: " MB",
      },
    ],
    data: { few, many },
  };
}

const scenarios: Readonly<Record<string, (bench: Bench) => Promise<Finding>>> = {
  first: measureFirst,
  memory: measureMemory,
  heap: measureHeap,
};

async function main(): Promise<void> {
  if (values.nice !== "0") {
    setPriority(Number(values.nice));
    if (existsSync("/proc/self/autogroup")) writeFileSync("/proc/self/autogroup", values.nice);
  }
  await using stack = new AsyncDisposableStack();
  const children = stack.use(new Children());
  process.once("exit", () => children.kill());
  const folder = await mkdtemp(join(tmpdir(), "eastbound-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const bench = { children, endpointPort: await startEndpoint(), folder };
  for (const name of values.scenario.split(",")) {
    const finding = await scenarios[name]?.(bench);
    if (finding === undefined)
      throw new Error(`--scenario: ${name} is none of ${Object.keys(scenarios).join(", ")}`);
    printFinding(finding);
    if (!finding.gates.every(isMet)) process.exitCode = 1;
  }
}

if (process.getuid?.() !== 0) {
  console.error("controlled.bench.ts needs root: it makes a network of its own");
  process.exitCode = 1;
} else if (enterNetwork(NETWORKS)) {
  await main();
}
