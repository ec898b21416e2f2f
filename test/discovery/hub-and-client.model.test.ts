import assert from "node:assert/strict";
import fc from "fast-check";
import type {
  DeltaRequest,
  DiscoveryStream,
  StreamListener,
} from "../../src/discovery/client/client-ports.ts";
import { DiscoveryClient } from "../../src/discovery/client/discovery-client.ts";
import { decodeDeltaResponse, encodeDeltaRequest } from "../../src/discovery/client/transport/delta-codec.ts";
import { contentVersion } from "../../src/discovery/content-version.ts";
import { DeltaDiscoveryRequest } from "../../src/discovery/generated/envoy/service/discovery/v3/discovery.ts";
import type { SidecarSession, StreamPort } from "../../src/discovery/server/sidecar-session.ts";
import type { StreamEnd } from "../../src/discovery/server/stream-end.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { RecordingLog, RecordingSink, StubStore, stubCodec } from "./client/client-harness.ts";
import { createHarness, type Harness } from "./server/hub-harness.ts";

/**
 * Both sides of the protocol with nothing between them but a wire that carries late and breaks: two replicas that learn
 * of changes at different times, some of which no client can take, and a client that is dialled through at random and
 * made anew from its snapshot. Once all is quiet, it has what there is.
 */

const NAMES = { Frontend: ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"], Backend: ["a", "b", "c", "d"] };
type Type = keyof typeof NAMES;
const WRONG = "wrong";
/** How many messages a direction of the wire takes before it is full. */
const ROOM = 3;

/** Which direction of the wire: to the server, to the client. */
type Way = "up" | "down" | "both";

type Step =
  | { readonly kind: "learn" | "forget"; readonly at: number }
  | {
      readonly kind: "change";
      readonly type: Type;
      readonly at: number;
      readonly content: string | undefined;
    }
  | { readonly kind: "tell"; readonly replica: number; readonly count: number }
  | { readonly kind: "carry"; readonly count: number; readonly way: Way }
  | { readonly kind: "lose"; readonly how: "moved" | "failed" }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "compiled" | "restart" };

const at = fc.nat(3);
const bad = fc.constantFrom(undefined, WRONG);
const frontend = fc.array(fc.constantFrom(...NAMES.Backend), { minLength: 1, maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("learn" as const), at }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("forget" as const), at }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      type: fc.constant("Frontend" as const),
      at,
      content: fc.oneof(
        { weight: 1, arbitrary: frontend.map((names) => names.join(",")) },
        { weight: 1, arbitrary: bad },
      ),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("change" as const),
      type: fc.constant("Backend" as const),
      at,
      content: fc.oneof(fc.constantFrom("1", "2"), bad),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("tell" as const), replica: fc.nat(1), count: fc.nat(4) }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("carry" as const),
      count: fc.integer({ min: 1, max: 4 }),
      way: fc.constantFrom<Way>("up", "down", "both"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("lose" as const),
      how: fc.constantFrom("moved" as const, "failed" as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("time" as const), ms: fc.constantFrom(1, 50, 600, 2_500) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "compiled" as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: "restart" as const }) },
);

/** One stream, seen from both its ends. */
class Wire implements DiscoveryStream, StreamPort {
  readonly #hub: Harness["hub"];
  readonly #listener: StreamListener;
  readonly #toServer: Uint8Array[] = [];
  readonly #toClient: Uint8Array[] = [];
  session: SidecarSession | undefined;
  #isOver = false;

  constructor(hub: Harness["hub"], listener: StreamListener) {
    this.#hub = hub;
    this.#listener = listener;
  }

  send(message: DeltaRequest | Uint8Array): boolean {
    const isResponse = message instanceof Uint8Array;
    const queue = isResponse ? this.#toClient : this.#toServer;
    queue.push(isResponse ? message : encodeDeltaRequest(message, undefined));
    return queue.length < ROOM;
  }

  /** By the client. */
  close(): void {
    this.#isOver = true;
    this.session?.close();
  }

  /** By the server. */
  end({ message }: StreamEnd): void {
    throw new Error(message);
  }

  lose(kind: "moved" | "failed"): void {
    if (this.#isOver) return;
    this.close();
    this.#listener.onEnd({ kind, message: "lost" });
  }

  /** The answer to the dialling, and then one message. */
  carry(way: Way): void {
    if (this.#isOver) return;
    if (this.session === undefined) {
      this.session = this.#hub.open({ namespace: "ns", pod: "pod", serviceAccount: "sa" }, this);
      this.#listener.onOpen();
    }
    if (way !== "down") this.#carryUp(this.session);
    if (way !== "up") this.#carryDown(this.session);
  }

  #carryUp(session: SidecarSession): void {
    const request = this.#toServer.shift();
    if (request !== undefined) session.receive(DeltaDiscoveryRequest.decode(request));
    if (this.#toServer.length < ROOM) this.#listener.onWritable();
  }

  #carryDown(session: SidecarSession): void {
    const response = this.#toClient.shift();
    const decoded = response && decodeDeltaResponse(response);
    if (decoded !== undefined) this.#listener.onResponse(decoded);
    if (this.#toClient.length < ROOM) session.resume();
  }
}

/** A replica, and what it has not heard of yet. */
interface Replica {
  readonly harness: Harness;
  readonly untold: { readonly type: Type; readonly name: string; readonly content: string | undefined }[];
}

class World {
  readonly clock = new ManualClock();
  readonly replicas: readonly Replica[] = [0, 1].map(() => ({ harness: createHarness(), untold: [] }));
  readonly truth = { Frontend: new Map<string, string>(), Backend: new Map<string, string>() };
  readonly store = new StubStore();
  sink = new RecordingSink();
  client: DiscoveryClient;
  wire: Wire | undefined;

  constructor() {
    this.client = this.#start();
  }

  #start(): DiscoveryClient {
    this.sink = new RecordingSink();
    this.sink.isPrompt = false;
    const client = new DiscoveryClient({
      clock: this.clock,
      random: () => (this.clock.now() % 7) / 7,
      log: new RecordingLog(),
      sink: this.sink,
      codec: stubCodec,
      transport: {
        resolve: () => Promise.resolve(["0", "1"]),
        open: (address, listener) => {
          const { hub } = (this.replicas[Number(address)] as Replica).harness;
          this.wire = new Wire(hub, listener);
          return this.wire;
        },
      },
      snapshots: this.store,
    });
    client.start();
    return client;
  }

  async do(step: Step): Promise<void> {
    switch (step.kind) {
      case "learn":
        this.client.learn(nameOf("Frontend", step.at), () => {});
        return;
      case "forget":
        return this.client.forget([nameOf("Frontend", step.at)]);
      case "change":
        return this.change(step.type, nameOf(step.type, step.at), step.content);
      case "tell":
        return this.#tell(this.replicas[step.replica], step.count);
      case "carry":
        for (let n = 0; n < step.count; n++) this.wire?.carry(step.way);
        return;
      case "lose":
        return this.wire?.lose(step.how);
      case "time":
        this.clock.advance(step.ms);
        return await new Promise((resolve) => void setImmediate(resolve));
      case "compiled":
        return this.sink.finish();
      case "restart":
        await this.client.stop();
        this.client = this.#start();
    }
  }

  change(type: Type, name: string, content: string | undefined): void {
    if (content === undefined) this.truth[type].delete(name);
    else this.truth[type].set(name, content);
    for (const { untold } of this.replicas) untold.push({ type, name, content });
  }

  /** Some of the changes, at once. */
  #tell(replica: Replica | undefined, count: number): void {
    if (replica === undefined) return;
    const { catalogue } = replica.harness;
    const changed = { Frontend: [] as string[], Backend: [] as string[] };
    for (const { type, name, content } of replica.untold.splice(0, count)) {
      if (content === undefined) catalogue.remove(type, name);
      else catalogue.put(type, name, content);
      changed[type].push(name);
    }
    replica.harness.publish({ frontends: changed.Frontend, backends: changed.Backend });
  }

  /** All changes have come everywhere, none of them wrong, and all Frontends are asked for. */
  async calmDown(): Promise<void> {
    for (const [type, right] of [["Frontend", "a"] as const, ["Backend", "1"] as const]) {
      for (const [name, content] of this.truth[type]) if (content === WRONG) this.change(type, name, right);
    }
    for (const name of NAMES.Frontend) this.client.learn(name, () => {});
    for (const replica of this.replicas) this.#tell(replica, replica.untold.length);
    for (let round = 0; round < 20; round++) {
      await this.do({ kind: "time", ms: 1_000 });
      await this.do({ kind: "carry", count: 40, way: "both" });
      this.sink.finish();
    }
  }

  /** Versions by name, of what is and of what a client of all Frontends therefore has. */
  get wanted(): { readonly frontends: object; readonly backends: object } {
    const { Frontend, Backend } = this.truth;
    const used = [...Frontend.values()].flatMap((content) => content.split(","));
    return {
      frontends: versionsOf(Frontend),
      backends: versionsOf([...Backend].filter(([name]) => used.includes(name))),
    };
  }
}

function nameOf(type: Type, index: number): string {
  const names = NAMES[type];
  return names[index % names.length] ?? "";
}

function versionsOf(contents: Iterable<readonly [string, string]>): object {
  const versions: Record<string, string> = {};
  for (const [name, content] of contents) versions[name] = contentVersion(Buffer.from(content));
  return versions;
}

describe("the hub and the client together", () => {
  it("agree in the end, whatever was sent, refused, lost and taken back", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 150, size: "max" }), async (steps) => {
        const world = new World();
        for (const each of steps) await world.do(each);
        await world.calmDown();
        const { frontends, backends } = world.sink;
        const has = {
          frontends: Object.fromEntries(frontends),
          backends: Object.fromEntries(backends),
        };
        assert.deepEqual(has, world.wanted);
        assert.equal(world.wire?.session?.state, "in-sync");
        const sessions = world.replicas.reduce((sum, { harness }) => sum + harness.hub.sessionCount, 0);
        assert.equal(sessions, 1);
        await world.client.stop();
        assert.equal(world.clock.timers, 0);
      }),
      { numRuns: 400 },
    );
  });
});
