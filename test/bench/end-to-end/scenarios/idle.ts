import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startEastbound } from "../contestants/eastbound.ts";
import { startBackend } from "../contestants/nginx.ts";
import { openConnections } from "../peers/kept-connections.ts";
import { freePorts } from "../ports.ts";
import type { Finding, Run } from "../run.ts";
import { memoryOf } from "../usage.ts";
import { runWrk } from "../wrk.ts";

const CONNECTIONS = 10_000;
/** Opened and closed before, so that a heap that has grown anyway isn't laid to the connections. */
const BEFORE = 1_000;
const SETTLE_MS = 3_000;
const LIMIT_KB = 8;

const kinds = {
  "after one request": async (connections: { askOnce(): Promise<void> }) => await connections.askOnce(),
  "that never sent a byte": async () => undefined,
} as const;

/** What a connection costs that nothing happens on: growth of private dirty pages; the kernel's part is not in it. */
export async function measureIdleConnections(run: Run): Promise<Finding> {
  const count = possibleConnections();
  const measured: { kind: string; kilobytes: number }[] = [];
  for (const [kind, use] of Object.entries(kinds))
    measured.push({ kind, kilobytes: await kilobytesEach(run, use, count) });
  return {
    scenario: "idle",
    table: measured.map(({ kind, kilobytes }) => ({
      [`${count} idle connections`]: kind,
      "KB each": kilobytes.toFixed(2),
    })),
    gates: measured.map(({ kind, kilobytes }) => ({
      name: `an idle connection ${kind}`,
      measured: kilobytes,
      limit: LIMIT_KB,
      kind: "at most",
      unit: " KB",
    })),
    data: measured,
  };
}

/** As many as are wanted, or as the limit on open files lets a proxy serve: two descriptors each and a reserve. */
function possibleConnections(): number {
  const [, limit = "0"] = /^Max open files +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return Math.min(CONNECTIONS, Math.floor((Number(limit) * 0.45) / 1_000) * 1_000);
}

async function kilobytesEach(
  run: Run,
  use: (typeof kinds)[keyof typeof kinds],
  wanted: number,
): Promise<number> {
  const { children, loadCpu, proxyCpu } = run;
  const [port = 0, backendPort = 0] = await freePorts(2);
  await using stack = new AsyncDisposableStack();
  const backendFolder = await run.createFolder("backend");
  stack.use(await startBackend({ children, cpu: loadCpu, folder: backendFolder, port: backendPort }));
  const setup = { children, cpu: proxyCpu, folder: await run.createFolder("eastbound") };
  const proxy = stack.use(await startEastbound(setup, { services: [{ port, backendPort, rules: 1 }] }));
  await runWrk({ port, path: "/12", connections: 32, seconds: 2, cpu: loadCpu });
  const opened = async (count: number): Promise<number> => {
    await using connections = await openConnections({ port, count });
    await use(connections);
    await sleep(SETTLE_MS);
    if (connections.ended() > 0) throw new Error(`the proxy ended ${connections.ended()} idle connections`);
    return memoryOf(proxy.pid).privateDirty;
  };
  await opened(BEFORE);
  await sleep(SETTLE_MS);
  const before = memoryOf(proxy.pid).privateDirty;
  return ((await opened(wanted)) - before) / 1_024 / wanted;
}
