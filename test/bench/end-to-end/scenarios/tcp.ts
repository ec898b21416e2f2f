import { fileURLToPath } from "node:url";
import { type Child, outputOf } from "../children.ts";
import { eastboundTcp } from "../contestants/eastbound.ts";
import { haproxyTcp } from "../contestants/haproxy.ts";
import { freePorts, listening } from "../ports.ts";
import { spreadText } from "../report.ts";
import type { Finding, Gate, Run } from "../run.ts";
import { type Spread, spreadOf } from "../statistics.ts";
import { cpuNsOf } from "../usage.ts";

const CONNECTIONS = 4;
const LIMIT = 0.7;

const peer = fileURLToPath(import.meta.resolve("../peers/bulk-peer.ts"));

const directions = { pull: "endpoint → client", push: "client → endpoint" } as const;
type Direction = keyof typeof directions;

interface Sample {
  readonly megabytesPerSecond: number;
  readonly megabytesPerCpuSecond: number;
}

interface Row {
  readonly name: string;
  readonly direction: Direction;
  readonly samples: Sample[];
}

/** Bulk transfers through a port that is no HTTP, beside HAProxy in TCP mode, in turns. */
export async function compareTcp(run: Run): Promise<Finding> {
  const { children, loadCpu, proxyCpu } = run;
  await using stack = new AsyncDisposableStack();
  const entrants = [eastboundTcp, haproxyTcp].filter(({ name }) => run.contestants.includes(name));
  const [backendPort = 0, ...ports] = await freePorts(1 + entrants.length);
  const args = [peer, "serve", String(backendPort)];
  const server = stack.use(
    await children.start({ name: "bulk endpoint", command: process.execPath, args, cpu: loadCpu }),
  );
  await listening(server, backendPort);
  const started: { name: string; child: Child; port: number }[] = [];
  for (const [index, entrant] of entrants.entries()) {
    const [port = 0, folder] = [ports[index], await run.createFolder(entrant.name)];
    const child = await entrant.start({ children, cpu: proxyCpu, folder, port, backendPort });
    started.push({ name: entrant.name, child: stack.use(child), port });
  }
  const rows: Row[] = [];
  for (const direction of Object.keys(directions) as Direction[]) {
    const some = started.map((each) => ({ ...each, direction, samples: [] as Sample[] }));
    for (const { child, port } of some) await transfer(run, { direction, child, port });
    for (let round = 0; round < run.rounds; round++) {
      for (const { child, port, samples } of some)
        samples.push(await transfer(run, { direction, child, port }));
    }
    rows.push(...some.map(({ name, samples }) => ({ name, direction, samples })));
  }
  return findingOf(rows);
}

interface Transfer {
  readonly direction: Direction;
  readonly child: Child;
  readonly port: number;
}

async function transfer(run: Run, { direction, child, port }: Transfer): Promise<Sample> {
  const before = cpuNsOf(child.pid);
  const output = await outputOf({
    name: "bulk client",
    command: process.execPath,
    args: [peer, direction, String(port), String(CONNECTIONS), String(run.seconds)],
    cpu: run.loadCpu,
  });
  child.assertAlive();
  const cpuSeconds = (cpuNsOf(child.pid) - before) / 1e9;
  const [, bytes = "", seconds = ""] = /^(\d+) bytes in ([\d.]+) s/.exec(output) ?? [];
  const megabytes = Number(bytes) / 1e6;
  return {
    megabytesPerSecond: megabytes / Number(seconds),
    megabytesPerCpuSecond: megabytes / cpuSeconds,
  };
}

function spread({ samples }: Row, key: keyof Sample): Spread {
  return spreadOf(samples.map((sample) => sample[key]));
}

/** The median of the ratios within a round. */
function ratio(ours: Row, theirs: Row, key: keyof Sample): number {
  return spreadOf(
    ours.samples.map((sample, round) => sample[key] / (theirs.samples[round]?.[key] ?? Number.NaN)),
  ).median;
}

function findingOf(rows: readonly Row[]): Finding {
  const gates = (Object.keys(directions) as Direction[]).flatMap((direction): readonly Gate[] => {
    const find = (name: string): Row | undefined =>
      rows.find((row) => row.name === name && row.direction === direction);
    const [ours, theirs] = [find("eastbound"), find("haproxy")];
    if (ours === undefined || theirs === undefined) return [];
    const gate = (title: string, key: keyof Sample): Gate => ({
      name: `TCP, ${directions[direction]}: ${title} ÷ haproxy's`,
      measured: ratio(ours, theirs, key),
      limit: LIMIT,
      kind: "at least",
      unit: "",
    });
    return [gate("throughput", "megabytesPerSecond"), gate("bytes per CPU second", "megabytesPerCpuSecond")];
  });
  return {
    scenario: "tcp",
    table: rows.map((row) => ({
      [`${CONNECTIONS} connections`]: `${row.name}, ${directions[row.direction]}`,
      "MB/s": spreadText(spread(row, "megabytesPerSecond"), 0),
      "MB per CPU second": spreadText(spread(row, "megabytesPerCpuSecond"), 0),
    })),
    gates,
    data: rows,
  };
}
