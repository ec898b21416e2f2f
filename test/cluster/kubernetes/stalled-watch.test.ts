import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { KubeConfig } from "@kubernetes/client-node";
import { createWatchApi } from "../../../src/kubernetes/http-api.ts";
import { startReflector } from "../../../src/kubernetes/reflector.ts";
import type { ReflectorClock } from "../../../src/kubernetes/reflector-clock.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { cluster } from "../support/cluster.ts";
import { TestNamespace } from "../support/test-namespace.ts";
import { FollowedObjects } from "./followed-objects.ts";

/** A clock on which 130 s are over in 6.5. */
const hurriedClock: ReflectorClock = {
  now: () => systemClock.now() * 20,
  startTimer: (callback, delayMs) => systemClock.startTimer(callback, delayMs / 20),
};

/** A way to the API server on which connections can fall silent without an end, as behind a lost NAT entry. */
class Relay implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(host: string, port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const upstream = connect({ host, port, allowHalfOpen: true });
      client.pipe(upstream).pipe(client);
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => socket.destroy());
        socket.on("close", () => this.#sockets.delete(socket));
      }
    });
  }

  static async start(target: URL): Promise<Relay> {
    const relay = new Relay(target.hostname, Number(target.port));
    relay.#server.listen(0, "127.0.0.1");
    await once(relay.#server, "listening");
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The connections of now carry nothing more; new ones do. */
  silence(): void {
    for (const socket of this.#sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server.close(), "close");
  }
}

describe("a watch that falls silent on its way from a real API server", () => {
  let namespace: TestNamespace;

  before(async () => {
    namespace = await TestNamespace.create("stall");
  });
  after(async () => namespace[Symbol.asyncDispose]());

  function throughRelay({ port }: Relay): KubeConfig {
    const config = new KubeConfig();
    config.loadFromString(cluster().config.exportConfig());
    config.clusters = config.clusters.map((each) => ({ ...each, server: `https://127.0.0.1:${port}` }));
    return config;
  }

  it("is cut, and goes on over another connection with what was missed", async () => {
    await using relay = await Relay.start(new URL(cluster().config.getCurrentCluster()?.server ?? ""));
    await using followed = new FollowedObjects(createWatchApi(throughRelay(relay)), (base) =>
      startReflector({
        ...base,
        clock: hurriedClock,
        resource: { group: "", version: "v1", plural: "configmaps" },
        namespace: namespace.name,
        labelSelector: "test=yes",
      }),
    );
    await followed.reflector.synced;
    const write = (value: string): Promise<unknown> =>
      namespace.apply([
        {
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "a", labels: { test: "yes" } },
          data: { value },
        },
      ]);
    const key = `${namespace.name}/a`;
    await write("1");
    await followed.until("the first value", () => followed.objects.get(key) === "1");
    relay.silence();
    await write("2");
    await followed.until("the second value", () => followed.objects.get(key) === "2");
    const { watchEnds, lists } = followed.reflector.statistics;
    assert.ok(watchEnds.stalled >= 1);
    assert.equal(lists.start + lists.expired, 1, "it goes on without listing anew");
  });
});
