import { monitorEventLoopDelay } from "node:perf_hooks";
import { runInTurns } from "../../../src/cli/run-in-turns.ts";
import { ControlPlane } from "../../../src/controller/control-plane.ts";
import { DiscoveryHub } from "../../../src/discovery/server/discovery-hub.ts";
import { startDiscoveryServer } from "../../../src/discovery/server/discovery-server.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { CHANGES_PER_SECOND, meshObjects, SERVICES, sliceOf } from "./mesh.ts";
import { type FromServer, nowMicros, type ToServer } from "./processes.ts";

/** A controller without a cluster: binding, catalogue, hub and server, and changes as a watch would bring them. */
export async function runServer(chain: string, key: string): Promise<void> {
  const published: [string, number][] = [];
  let pushes = 0;
  let cameAt = 0;
  const none = (): void => {};
  const controlPlane = new ControlPlane({
    strictGrants: false,
    clock: systemClock,
    runInTurns: (steps) => runInTurns(steps, systemClock.now),
    onChanges: ({ frontends, backends, selves, seenMs }) => {
      for (const name of backends)
        published.push([controlPlane.catalogue.backend(name)?.version ?? "", cameAt]);
      hub.publish({ frontends, backends, selves, sinceMs: seenMs });
    },
  });
  const hub = new DiscoveryHub({
    catalogue: controlPlane.catalogue,
    now: systemClock.now,
    defer: (run) => void setImmediate(run),
    events: { onPush: () => pushes++, onAck: none, onNack: none },
  });
  controlPlane.change(meshObjects());
  await controlPlane.begin();
  const server = await startDiscoveryServer({
    address: { host: "127.0.0.1", port: 0 },
    hub,
    authenticate: async (token) => ({
      kind: "ok",
      identity: { namespace: "shop", pod: token, serviceAccount: "default" },
      expiresAtMs: Date.now() + 3_600_000,
    }),
    certificates: { current: () => ({ chain, key }), onChange: () => none },
    events: {
      onRefusedConnection: (reason) => console.error(`refused: ${reason}`),
      onRefusedToken: (reason) => console.error(`refused: ${reason}`),
      onAuthenticationFailure: none,
      onBadCertificate: (error) => console.error(error),
    },
    clock: systemClock,
    random: Math.random,
  });
  const send = (message: FromServer): void => void process.send?.(message);
  const cpuBefore = process.cpuUsage();
  const counts = new Map<number, number>();

  const change = (seconds: number): void => {
    published.length = 0;
    pushes = 0;
    const delays = monitorEventLoopDelay({ resolution: 2 });
    delays.enable();
    const cpu = process.cpuUsage();
    const connectCpu = process.cpuUsage(cpuBefore);
    const begun = performance.now();
    let rss = 0;
    let done = 0;
    const timer = setInterval(() => {
      if (performance.now() - begun >= seconds * 1000) {
        clearInterval(timer);
        const { user, system } = process.cpuUsage(cpu);
        send({
          kind: "changed",
          published,
          pushes,
          cpuSeconds: (user + system) / 1e6,
          wallSeconds: (performance.now() - begun) / 1000,
          rssMegabytes: rss,
          longestTurnMs: delays.max / 1e6,
          connectCpuSeconds: (connectCpu.user + connectCpu.system) / 1e6,
        });
        return;
      }
      rss = Math.max(rss, process.memoryUsage.rss() / 1e6);
      const number = (done * 7919) % SERVICES;
      const count = (counts.get(number) ?? 0) + 1;
      counts.set(number, count);
      done++;
      cameAt = nowMicros();
      controlPlane.change([{ kind: "upsert", object: sliceOf(number, count) }]);
    }, 1000 / CHANGES_PER_SECOND);
  };

  process.on("message", (message: ToServer) => {
    if (message.kind === "change") change(message.seconds);
    else void server.shutdown(0).then(() => process.exit(0));
  });
  send({ kind: "listening", port: server.port });
}
