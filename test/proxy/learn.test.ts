import assert from "node:assert/strict";
import type { Destination } from "../../src/proxy/configuration.ts";
import type { DestinationLearner, Learning, UnknownReason } from "../../src/proxy/ports.ts";
import {
  answering,
  backendsOf,
  eventually,
  frontendOf,
  type Harness,
  type HarnessOptions,
  RawClient,
  type RawServer,
  startHarness,
  startRawServer,
} from "../support/proxy-harness.ts";

const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

function saying(text: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

/** Learns when the test says so. */
class ScriptedLearner implements DestinationLearner {
  readonly asked: Destination[] = [];
  cancelled = 0;
  answerAtOnce: UnknownReason | undefined;
  readonly #waiting = new Set<(reason: UnknownReason) => void>();

  learn(destination: Destination, onSettled: (reason: UnknownReason) => void): Learning {
    this.asked.push(destination);
    if (this.answerAtOnce !== undefined) return { kind: "unknown", reason: this.answerAtOnce };
    this.#waiting.add(onSettled);
    const cancel = (): void => {
      this.cancelled++;
      this.#waiting.delete(onSettled);
    };
    return { kind: "begun", cancel };
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  async asks(count: number): Promise<void> {
    await eventually(`${count} to wait`, () => (this.waiting === count ? undefined : `${this.waiting} do`));
  }

  settle(reason: UnknownReason): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const settle of waiting) settle(reason);
  }
}

describe("a destination that is learned on first use", () => {
  let resources: AsyncDisposableStack;
  let learner: ScriptedLearner;
  /** Where connections go that are passed through. */
  let origin: RawServer;
  let endpoint: RawServer;
  let proxy: Harness;

  const start = async (options: Partial<HarnessOptions> = {}): Promise<void> => {
    proxy = resources.use(
      await startHarness({
        learner,
        canPassThrough: true,
        backends: { "app/web:80": [endpoint.port] },
        frontend: { address: "127.0.0.1", port: origin.port },
        ...options,
      }),
    );
    proxy.proxy.configuration.removeFrontend(`127.0.0.1:${origin.port}`);
  };

  const learned = (frontend: HarnessOptions["frontend"] = {}): void => {
    const { configuration } = proxy.proxy;
    for (const backend of backendsOf({ backends: { "app/web:80": [endpoint.port] } }))
      configuration.putBackend(backend);
    const address = { address: "127.0.0.1", port: origin.port };
    const steps = configuration.putFrontendInSteps({
      frontend: frontendOf({ frontend: { ...address, ...frontend } }),
      version: "1",
    });
    while (steps.next().done !== true) continue;
  };

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    learner = new ScriptedLearner();
    origin = resources.use(
      await startRawServer((socket) => {
        socket.write("origin:");
        socket.on("data", (bytes) => socket.write(bytes));
        socket.on("end", () => socket.end("bye"));
      }),
    );
    endpoint = resources.use(await startRawServer(answering(saying("endpoint"))));
  });
  afterEach(() => resources.disposeAsync());

  it("is served to the connection that waits, with every byte it sent meanwhile", async () => {
    await start();
    await using client = new RawClient(proxy.port);
    client.send(GET.slice(0, 20));
    await learner.asks(1);
    client.send(GET.slice(20));
    assert.deepEqual(learner.asked, [{ address: "127.0.0.1", port: origin.port }]);
    learned();
    learner.settle("not_learned");
    assert.equal((await client.response()).body, "endpoint");
    assert.equal(proxy.telemetry.count("passthrough"), 0);
    assert.equal(proxy.telemetry.count("connections", "http1"), 1);
  });

  it("is served as bytes where it is opaque, to all that wait", async () => {
    await start();
    await using one = new RawClient(proxy.port);
    await using two = new RawClient(proxy.port);
    one.send(GET);
    await learner.asks(2);
    two.send(GET);
    learned({ protocol: "opaque" });
    learner.settle("not_learned");
    assert.equal((await one.response()).body, "endpoint");
    assert.equal((await two.response()).body, "endpoint");
    assert.equal(proxy.telemetry.count("connections", "opaque"), 2);
  });

  it("is learned only once", async () => {
    await start();
    await using first = new RawClient(proxy.port);
    first.send(GET);
    await learner.asks(1);
    learned();
    learner.settle("not_learned");
    await first.response();
    await using second = new RawClient(proxy.port);
    second.send(GET);
    await second.response();
    assert.equal(learner.asked.length, 1);
  });

  for (const reason of ["unknown_destination", "not_learned"] as const) {
    it(`is passed through, with every byte, where it is ${reason}`, async () => {
      await start();
      await using client = new RawClient(proxy.port);
      client.send("hello ");
      await learner.asks(1);
      client.send("world");
      learner.settle(reason);
      await client.until((received) => received.includes("hello world"));
      assert.equal(client.received, "origin:hello world");
      assert.equal(proxy.telemetry.count("passthrough", reason), 1);
    });

    it(`is passed through at once where it is ${reason} from the start`, async () => {
      learner.answerAtOnce = reason;
      await start();
      await using client = new RawClient(proxy.port);
      await client.until((received) => received.includes("origin:"));
      assert.equal(proxy.telemetry.count("passthrough", reason), 1);
      assert.equal(proxy.proxy.activity.streams, 1);
    });
  }

  it("gets the end of what the client says, if that came while it waited", async () => {
    await start();
    await using client = new RawClient(proxy.port);
    client.send("hello");
    client.socket.end();
    await learner.asks(1);
    learner.settle("not_learned");
    assert.equal(await client.closed(), "origin:hellobye");
  });

  it("is not waited for any longer once the client has reset its connection", async () => {
    await start();
    await using client = new RawClient(proxy.port);
    client.send(GET);
    await learner.asks(1);
    client.socket.resetAndDestroy();
    await learner.asks(0);
    assert.equal(learner.cancelled, 1);
    await proxy.quiet();
    assert.equal(proxy.telemetry.count("passthrough"), 0);
  });

  it("is not dialled for a client that has just reset its connection", async () => {
    await start();
    await using client = new RawClient(proxy.port);
    client.send(GET);
    await learner.asks(1);
    client.socket.resetAndDestroy();
    await eventually("the reset", () => (client.socket.closed ? undefined : "not closed"));
    learner.settle("not_learned");
    await proxy.quiet();
    assert.equal(origin.sockets.length, 0);
  });

  it("is passed through where too many wait already", async () => {
    await start({ limits: { heldConnections: 1 } });
    await using waiting = new RawClient(proxy.port);
    waiting.send(GET);
    await learner.asks(1);
    await using client = new RawClient(proxy.port);
    await client.until((received) => received.includes("origin:"));
    assert.equal(proxy.telemetry.count("passthrough", "not_learned"), 1);
    learned();
    learner.settle("not_learned");
    assert.equal((await waiting.response()).body, "endpoint");
  });

  it("is refused where there are too many connections, those that wait among them", async () => {
    await start({ limits: { maxConnections: 1 } });
    await using waiting = new RawClient(proxy.port);
    waiting.send(GET);
    await learner.asks(1);
    await using client = new RawClient(proxy.port);
    await client.closed();
    assert.equal(client.closedBy, "ECONNRESET");
    learner.settle("not_learned");
  });

  it("is waited for while the proxy drains", async () => {
    await start({ limits: { drainIdleMs: 0 } });
    await using client = new RawClient(proxy.port);
    client.send(GET);
    await learner.asks(1);
    let isDrained = false;
    const drained = proxy.proxy.drain(5_000).then((is) => {
      isDrained = is;
    });
    for (let n = 0; n < 10; n++) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isDrained, false);
    learned();
    learner.settle("not_learned");
    assert.equal((await client.response()).headers.get("connection"), "close");
    await drained;
    assert.equal(isDrained, true);
  });

  it("does not hold up the proxy's end: what waits counts as a stream under way", async () => {
    await start();
    await using client = new RawClient(proxy.port);
    client.send(GET);
    await learner.asks(1);
    assert.equal(await proxy.proxy.drain(1), false);
    assert.deepEqual([proxy.proxy.activity.streams, proxy.proxy.activity.connections], [1, 1]);
    learner.settle("unknown_destination");
  });
});
