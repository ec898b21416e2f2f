import type { DestinationLearner } from "../../../src/proxy/ports.ts";
import { Dice } from "../../support/dice.ts";
import {
  closedPort,
  frontendOf,
  type Harness,
  type HarnessOptions,
  type RawServer,
  SERVICE,
  startHarness,
  startRawServer,
} from "../../support/proxy-harness.ts";
import { FaultyClient } from "./faulty-client.ts";
import { FaultyConnection } from "./faulty-endpoint.ts";
import { SoakRecord } from "./record.ts";

const CLIENTS = 48;
const ENDPOINTS = 4;
/** For how long the configuration may have been out of date: not at all, for a moment, for long. */
const AGES_MS = [0, 1, 400_000];

const OPTIONS: HarnessOptions = {
  rules: [{ timeouts: { requestMs: 300 } }],
  limits: {
    headTimeoutMs: 300,
    bodyStallTimeoutMs: 300,
    writeStallTimeoutMs: 1_000,
    connectTimeoutMs: 300,
    upstreamIdleTimeoutMs: 200,
    highWaterBytes: 16_384,
  },
};

/**
 * Lets clients and endpoints of all kinds talk through a proxy for a while, which learns its only Service again and again,
 * and goes to the Service's own address where its endpoints may be others.
 * @returns what was seen; empty `violations` mean that each client got for each request its own response and whole, or an
 *   answer of the proxy, or a broken connection, and that nothing was left behind
 */
export async function runSoak(seed: number, seconds: number): Promise<SoakRecord> {
  const dice = new Dice(seed);
  const record = new SoakRecord();
  const endpoints = await startEndpoints(dice, record);
  const [service, ...others] = endpoints.map(({ port }) => port);
  const ports = [...others, await closedPort()];
  const backendFields = { clusterIPs: ["127.0.0.1"], ...(service !== undefined && { port: service }) };
  const options = { ...OPTIONS, backendFields };
  let staleMs = 0;
  const harness = await startHarness({
    ...options,
    backends: { "app/web:80": ports },
    staleForMs: () => staleMs,
    canPassThrough: true,
    learner: slowLearner(dice, () => harness),
  });
  const until = performance.now() + seconds * 1_000;
  let connections = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < until && record.violations.length === 0) {
      const name = `c${seed}-${connections++}`;
      if (dice.isOneIn(50))
        harness.configure({ ...options, backends: { "app/web:80": someOf(dice, ports) } });
      if (dice.isOneIn(20)) staleMs = AGES_MS[dice.below(AGES_MS.length)] ?? 0;
      if (dice.isOneIn(20)) harness.proxy.configuration.becameCurrent();
      if (dice.isOneIn(100)) harness.proxy.configuration.removeFrontend(SERVICE_NAME);
      await new FaultyClient(harness.port, name, new Dice(seed + connections), record).run();
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, work));
  record.counts.set("connections", connections);
  for (const { sockets } of endpoints) for (const socket of sockets) socket.destroy();
  await dispose(harness, record);
  for (const endpoint of endpoints) await endpoint[Symbol.asyncDispose]();
  return record;
}

const SERVICE_NAME = `${SERVICE.address}:${SERVICE.port}`;

/** Takes its time, and always finds the Service in the end. */
function slowLearner(dice: Dice, harness: () => Harness): DestinationLearner {
  return {
    learn: (_, onSettled) => {
      const timer = setTimeout(() => {
        const { configuration } = harness().proxy;
        const version = String(dice.below(3));
        const steps = configuration.putFrontendInSteps({ frontend: frontendOf(OPTIONS), version });
        while (steps.next().done !== true) continue;
        onSettled("not_learned");
      }, dice.below(30));
      return { kind: "begun", cancel: () => clearTimeout(timer) };
    },
  };
}

async function dispose(harness: Harness, record: SoakRecord): Promise<void> {
  try {
    await harness[Symbol.asyncDispose]();
  } catch (error) {
    record.violate(`left behind: ${String(error)}`);
  }
  for (const defect of harness.defects) record.violate(defect);
}

function startEndpoints(dice: Dice, record: SoakRecord): Promise<RawServer[]> {
  const start = (): Promise<RawServer> =>
    startRawServer((socket) => new FaultyConnection(socket, new Dice(dice.below(2 ** 31)), record));
  return Promise.all(Array.from({ length: ENDPOINTS }, start));
}

function someOf(dice: Dice, ports: readonly number[]): number[] {
  const some = ports.filter(() => !dice.isOneIn(3));
  return some.length > 0 ? some : [...ports];
}
