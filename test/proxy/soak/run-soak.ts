import { Dice } from "../../support/dice.ts";
import {
  closedPort,
  type Harness,
  type HarnessOptions,
  type RawServer,
  startHarness,
  startRawServer,
} from "../../support/proxy-harness.ts";
import { FaultyClient } from "./faulty-client.ts";
import { FaultyConnection } from "./faulty-endpoint.ts";
import { SoakRecord } from "./record.ts";

const CLIENTS = 48;
const ENDPOINTS = 4;

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
 * Lets clients and endpoints of all kinds talk through a proxy for a while.
 * @returns what was seen; empty `violations` mean that each client got for each request its own response and whole, or an
 *   answer of the proxy, or a broken connection, and that nothing was left behind
 */
export async function runSoak(seed: number, seconds: number): Promise<SoakRecord> {
  const dice = new Dice(seed);
  const record = new SoakRecord();
  const endpoints = await startEndpoints(dice, record);
  const ports = [...endpoints.map(({ port }) => port), await closedPort()];
  const backends = { "app/web:80": ports };
  const harness = await startHarness({ ...OPTIONS, backends });
  const until = performance.now() + seconds * 1_000;
  let connections = 0;
  const work = async (): Promise<void> => {
    while (performance.now() < until && record.violations.length === 0) {
      const name = `c${seed}-${connections++}`;
      if (dice.isOneIn(50))
        harness.configure({ ...OPTIONS, backends: { "app/web:80": someOf(dice, ports) } });
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
