// How fast, and at what cost, a change of an endpoint reaches the sidecars that use it: 2,000 of them, each with a TLS
// connection of its own. `node test/bench/discovery.bench.ts [--seconds N]`
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { TestAuthority } from "../support/certificates.ts";
import {
  CHANGES_PER_SECOND,
  ENDPOINTS_PER_SERVICE,
  SERVICES,
  SERVICES_PER_SIDECAR,
  SIDECARS,
} from "./discovery/mesh.ts";
import type { FromServer, FromSidecars, ToServer, ToSidecars } from "./discovery/processes.ts";
import { runServer } from "./discovery/server-process.ts";
import { runSidecars } from "./discovery/sidecars-process.ts";

const LOAD_PROCESSES = 4;

const { values, positionals } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    "server-args": { type: "string", default: "" },
  },
  allowPositionals: true,
});

const [role, ...args] = positionals;
if (role === "server") await runServer(args[0] ?? "", args[1] ?? "");
else if (role === "sidecars") runSidecars();
else await measure(Number(values.seconds));

/** Pins the process to one core, where that can be done. */
function start(core: number, nodeArgs: readonly string[], ...args: string[]): ChildProcess {
  const command = [process.execPath, ...nodeArgs, import.meta.filename, ...args];
  return spawn("taskset", ["-c", String(core), ...command], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
}

async function next<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, "message")) as [T];
  return message;
}

async function measure(seconds: number): Promise<void> {
  const authority = await TestAuthority.create();
  const { chain, key } = await authority.certify(["localhost"]);
  const server = start(0, values["server-args"].split(" ").filter(Boolean), "--", "server", chain, key);
  const tell = (message: ToServer): void => void server.send(message);
  const listening = await next<FromServer & { kind: "listening" }>(server);
  const begun = performance.now();
  const loads = await Promise.all(
    Array.from({ length: LOAD_PROCESSES }, async (_, index) => {
      const child = start(1, [], "sidecars");
      const count = SIDECARS / LOAD_PROCESSES;
      const connect: ToSidecars = {
        kind: "connect",
        port: listening.port,
        ca: authority.certificate,
        first: index * count,
        count,
      };
      child.send(connect);
      await next<FromSidecars>(child);
      return child;
    }),
  );
  console.log(
    `${SIDECARS} sidecars, each with ${SERVICES_PER_SIDECAR} of ${SERVICES} Services, ` +
      `${SERVICES * ENDPOINTS_PER_SERVICE} endpoints: connected and told all in ${((performance.now() - begun) / 1000).toFixed(1)} s`,
  );
  tell({ kind: "change", seconds });
  const changed = await next<FromServer & { kind: "changed" }>(server);
  const reports = await Promise.all(
    loads.map(async (child) => {
      const report: ToSidecars = { kind: "report" };
      child.send(report);
      return await next<FromSidecars & { kind: "received" }>(child);
    }),
  );
  tell({ kind: "stop" });
  summarise(changed, reports);
}

function summarise(
  changed: FromServer & { kind: "changed" },
  reports: readonly (FromSidecars & { kind: "received" })[],
): void {
  const published = new Map(changed.published);
  const latencies: number[] = [];
  for (const [version, at] of reports.flatMap(({ versions }) => versions)) {
    const since = published.get(version);
    if (since !== undefined) latencies.push((at - since) / 1000);
  }
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number => latencies[Math.floor(q * (latencies.length - 1))] ?? Number.NaN;
  const expected = (changed.published.length * SIDECARS * SERVICES_PER_SIDECAR) / SERVICES;
  const lost = reports.reduce((sum, report) => sum + report.lost, 0);
  const bytes = reports.reduce((sum, report) => sum + report.bytes, 0);
  const lines = [
    `${changed.published.length} changes in ${changed.wallSeconds.toFixed(1)} s (${CHANGES_PER_SECOND} a second)`,
    `pushes received  ${latencies.length} of about ${expected.toFixed(0)}; streams lost ${lost}`,
    `change → bytes   p50 ${quantile(0.5).toFixed(1)} ms, p99 ${quantile(0.99).toFixed(1)} ms, max ${quantile(1).toFixed(1)} ms (at most 250 at p99)`,
    `server CPU       ${(changed.cpuSeconds / changed.wallSeconds).toFixed(3)} of a core (at most 1)`,
    `server RSS       ${changed.rssMegabytes.toFixed(0)} MB (at most 1,000)`,
    `                 ${((changed.connectCpuSeconds / SIDECARS) * 1000).toFixed(1)} ms for each sidecar that connects`,
    `longest turn     ${changed.longestTurnMs.toFixed(1)} ms`,
    `bytes a push     ${(bytes / latencies.length).toFixed(0)} (at most 300)`,
  ];
  for (const line of lines) console.log(line);
  const isGood =
    quantile(0.99) <= 250 &&
    changed.cpuSeconds <= changed.wallSeconds &&
    changed.rssMegabytes <= 1000 &&
    bytes <= 300 * latencies.length &&
    lost === 0;
  if (!isGood) process.exitCode = 1;
}
