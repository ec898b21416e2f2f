import { readFileSync } from "node:fs";
import type { DiscoveryTransport, ResourceSink } from "../../../src/discovery/client/client-ports.ts";
import { DiscoveryClient } from "../../../src/discovery/client/discovery-client.ts";
import { decodeBackend } from "../../../src/discovery/encoding/decode-backend.ts";
import { decodeFrontendInSteps } from "../../../src/discovery/encoding/decode-frontend.ts";
import { decodeSelf } from "../../../src/discovery/encoding/self.ts";
import { systemClock } from "../../../src/platform/clock.ts";

/** One process of the comparison: `bare`, or a client that has learned some Services on one of two transports. */

const [, , variant = "bare", port = "0", caFile = "", tokenFile = "", services = "0"] = process.argv;
const options = { host: "eastbound-controller.eastbound-system.svc", port: Number(port), caFile, tokenFile };

/** Keeps what a proxy keeps. */
const held = new Map<string, unknown>();
const sink: ResourceSink = {
  putFrontend: (frontend, _, onInForce) => {
    held.set(frontend.name, frontend);
    onInForce();
  },
  removeFrontend: (name) => held.delete(name),
  putBackend: (backend) => held.set(backend.name, backend),
  removeBackend: (name) => held.delete(name),
  putSelf: () => undefined,
};

async function transportOf(): Promise<DiscoveryTransport> {
  if (variant === "grpc-js") {
    const { grpcJsTransport } = await import("./grpc-js-transport.ts");
    return grpcJsTransport(options);
  }
  const { GrpcTransport } = await import("../../../src/discovery/client/transport/grpc-transport.ts");
  const transport = new GrpcTransport({
    ...options,
    clock: systemClock,
    node: { id: "ns/pod", version: "0" },
  });
  return {
    resolve: () => Promise.resolve(["127.0.0.1"]),
    open: (address, listener) => transport.open(address, listener),
  };
}

const waits: number[] = [];

async function learnAll(): Promise<void> {
  const client = new DiscoveryClient({
    clock: systemClock,
    random: Math.random,
    log: { info: () => undefined, warn: fail, error: fail },
    sink,
    codec: { frontend: decodeFrontendInSteps, backend: decodeBackend, self: decodeSelf },
    transport: await transportOf(),
    snapshots: undefined,
  });
  client.start();
  for (let i = 0; i < Number(services); i++) {
    const begunMs = performance.now();
    await new Promise<void>((resolve) => {
      client.learn(`10.96.0.${i + 1}:80`, (isKnown) => {
        if (!isKnown) throw new Error(`service ${i} could not be learned`);
        resolve();
      });
    });
    waits.push(performance.now() - begunMs);
  }
}

function fail(message: string, fields: object): void {
  throw new Error(`${message} ${JSON.stringify(fields)}`);
}

function privateBytes(): number {
  const text = readFileSync("/proc/self/smaps_rollup", "utf8");
  return [...text.matchAll(/^Private_(?:Clean|Dirty): +(\d+) kB$/gm)].reduce(
    (sum, [, kilobytes]) => sum + Number(kilobytes) * 1_024,
    0,
  );
}

if (variant !== "bare") await learnAll();
setTimeout(() => {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const [first = 0, ...others] = waits;
  const later = others.sort((a, b) => a - b)[others.length >> 1] ?? 0;
  process.stdout.write(
    JSON.stringify({ privateBytes: privateBytes(), used: heapUsed + external, first, later }),
    () => process.exit(0),
  );
}, 1_500);
