import assert from "node:assert/strict";
import { CustomObjectsApi, type KubeConfig } from "@kubernetes/client-node";
import { bind } from "../../../src/binding/bind.ts";
import type { RouteStatus } from "../../../src/binding/route-status.ts";
import { readObservedRoute } from "../../../src/controller/status/observed-route.ts";
import { statusPermissions } from "../../../src/controller/status/permissions.ts";
import { createStatusApi } from "../../../src/controller/status/status-api.ts";
import { type StatusChange, StatusWriter } from "../../../src/controller/status/status-writer.ts";
import { PooledKubeConfig } from "../../../src/kubernetes/pooled-kube-config.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { parseObject } from "../../../src/resources/parse-object.ts";
import { cluster } from "../support/cluster.ts";
import type { AnyObject } from "../support/objects.ts";
import { RestrictedConfig } from "../support/restricted-config.ts";
import { TestNamespace } from "../support/test-namespace.ts";
import { rawCall } from "./raw-call.ts";

const VERSION = "gateway.networking.k8s.io/v1";

interface Parent {
  readonly controllerName: string;
  readonly conditions: readonly { readonly type: string; readonly observedGeneration: number }[];
}

/** A writer with a watch and a binder of its own, on the routes of one namespace. */
class Controller implements AsyncDisposable {
  readonly results: string[] = [];
  readonly changes: StatusChange[] = [];
  readonly writer: StatusWriter;
  readonly #namespace: TestNamespace;
  readonly #ended = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #onChange: (() => void) | undefined;

  private constructor(namespace: TestNamespace, config: KubeConfig) {
    this.#namespace = namespace;
    this.writer = new StatusWriter({
      api: createStatusApi(config),
      clock: systemClock,
      random: Math.random,
      log: { info: () => {}, warn: () => {}, limited: () => {} },
      metrics: {
        wrote: (_kind, result) => {
          this.results.push(result);
          this.#onChange?.();
        },
        took: () => {},
      },
      onWritten: (change) => this.changes.push(change),
    });
  }

  /** Resolves when all routes that are there were judged. */
  static async start(namespace: TestNamespace, config: KubeConfig): Promise<Controller> {
    const controller = new Controller(namespace, pooled(config));
    const path = await namespace.objects.path({
      apiVersion: VERSION,
      kind: "HTTPRoute",
      name: "",
      namespace: namespace.name,
    });
    const list = (await namespace.objects.api.call(path)) as {
      readonly metadata: { readonly resourceVersion: string };
      readonly items: readonly AnyObject[];
    };
    for (const item of list.items) controller.#judge(item);
    const { signal } = controller.#ended;
    const writing = controller.writer.run(signal, () => true);
    controller.#running = Promise.allSettled([
      writing,
      controller.#watch(path, list.metadata.resourceVersion),
    ]);
    return controller;
  }

  /** Settles when nothing is left to do. */
  async untilIdle(): Promise<void> {
    while (this.writer.pending > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  count(result: string): number {
    return this.results.filter((each) => each === result).length;
  }

  async untilWritten(count: number): Promise<void> {
    while (this.count("written") < count) {
      await new Promise<void>((resolve) => {
        this.#onChange = resolve;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    await this.#running;
  }

  async #watch(path: string, resourceVersion: string): Promise<void> {
    const events = this.#namespace.objects.api.watch(path, { resourceVersion }, this.#ended.signal);
    for await (const { type, object } of events) {
      if (type === "DELETED") this.#forget(object as AnyObject);
      else this.#judge(object as AnyObject);
    }
  }

  #judge(raw: AnyObject): void {
    const key = `${raw.metadata.namespace}/${raw.metadata.name}`;
    const parsed = parseObject({ ...raw, apiVersion: VERSION, kind: "HTTPRoute" });
    assert.equal(parsed.kind, "object", JSON.stringify(parsed));
    const objects = parsed.kind === "object" ? [parsed.object] : [];
    const [status] = bind(objects, { strictGrants: false }).statuses;
    this.writer.observe("HTTPRoute", key, readObservedRoute(raw, "HTTPRoute"));
    this.writer.want("HTTPRoute", key, status satisfies RouteStatus | undefined);
  }

  #forget(raw: AnyObject): void {
    const key = `${raw.metadata.namespace}/${raw.metadata.name}`;
    this.writer.observe("HTTPRoute", key, undefined);
    this.writer.want("HTTPRoute", key, undefined);
  }
}

function route(name: string, ...services: readonly string[]): object {
  return {
    apiVersion: VERSION,
    kind: "HTTPRoute",
    metadata: { name },
    spec: { parentRefs: services.map((service) => ({ group: "", kind: "Service", name: service })) },
  };
}

/** An entry as the API server writes it, with a number that JavaScript can't hold. */
function foreign(name: string): string {
  return (
    '{"conditions":[{"lastTransitionTime":"2020-01-01T00:00:00Z","message":"…","observedGeneration":9007199254740993,' +
    '"reason":"Old","status":"Unknown","type":"example.com/Odd"}],"controllerName":"example.com/stale-controller",' +
    `"parentRef":{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"${name}"}}`
  );
}

describe("the status of routes on a real API server", () => {
  let namespace: TestNamespace;
  /** With the permissions that are documented, and no others. */
  let restricted: RestrictedConfig;

  beforeEach(async () => {
    namespace = await TestNamespace.create("status");
    restricted = await RestrictedConfig.create(namespace, statusPermissions);
  });
  afterEach(async () => {
    await restricted[Symbol.asyncDispose]();
    await namespace[Symbol.asyncDispose]();
  });

  async function pathOf(name: string): Promise<string> {
    return namespace.objects.path({
      apiVersion: VERSION,
      kind: "HTTPRoute",
      name,
      namespace: namespace.name,
    });
  }

  async function writeForeign(name: string, ...entries: readonly string[]): Promise<void> {
    await rawCall(`${await pathOf(name)}/status`, `{"status":{"parents":[${entries.join()}]}}`);
  }

  function untilRoute(name: string, isWanted: (parents: readonly Parent[]) => boolean): Promise<unknown> {
    return namespace.until(VERSION, "HTTPRoute", name, (object) => isWanted(parentsOf(object)));
  }

  it("keeps what others wrote, to the byte and in its order", async () => {
    await namespace.apply([route("r", "one", "two")]);
    await writeForeign("r", foreign("a"), foreign("b"));
    await using controller = await Controller.start(namespace, restricted.config);
    await untilRoute("r", (parents) => parents.length === 4);
    // Somebody else comes in between ours, and ours changes.
    const [one = "", two = ""] = entriesOf(await rawCall(await pathOf("r"))).slice(2);
    await writeForeign("r", foreign("b"), one, foreign("c"), two, foreign("a"));
    await namespace.apply([route("r", "one", "three")]);
    await untilRoute("r", (parents) =>
      parents.every((parent) => !isOurs(parent) || generationsOf(parent).includes(2)),
    );
    await namespace.apply([route("r")]);
    await untilRoute("r", (parents) => !parents.some(isOurs));
    assert.deepEqual(entriesOf(await rawCall(await pathOf("r"))), [foreign("b"), foreign("c"), foreign("a")]);
    assert.equal(controller.count("failed"), 0);
  });

  it("has all conditions at the new generation in one update", async () => {
    await namespace.apply([route("r", "one", "two")]);
    await using controller = await Controller.start(namespace, restricted.config);
    await controller.untilWritten(1);
    const seen: string[] = [];
    const isSeen = untilRoute("r", (parents) => {
      seen.push([...new Set(parents.flatMap(generationsOf))].join());
      return seen.at(-1) === "2";
    });
    await namespace.apply([route("r", "one", "three", "two")]);
    await isSeen;
    assert.deepEqual([...new Set(seen)], ["1", "2"]);
  });

  it("takes back what is no longer ours, and leaves routes of others alone", async () => {
    const gateway = { apiVersion: VERSION, kind: "HTTPRoute", metadata: { name: "other" } };
    await namespace.apply([route("r", "one"), { ...gateway, spec: { parentRefs: [{ name: "gw" }] } }]);
    await using controller = await Controller.start(namespace, restricted.config);
    await untilRoute("r", (parents) => parents.some(isOurs));
    await namespace.apply([{ ...gateway, metadata: { name: "r" }, spec: { parentRefs: [{ name: "gw" }] } }]);
    await untilRoute("r", (parents) => parents.length === 0);
    await namespace.delete([route("r")]);
    await namespace.until(VERSION, "HTTPRoute", "r", (object) => object === undefined);
    await controller.untilIdle();
    assert.deepEqual(controller.results, ["written", "written"]);
    assert.equal((await namespace.read(VERSION, "HTTPRoute", "other"))?.["status"], undefined);
  });

  it("writes 500 routes in a few seconds, and nothing after a restart", async () => {
    await createMany(
      namespace,
      Array.from({ length: 500 }, (_, index) => route(`r${index}`, "one", "two")),
    );
    const begun = performance.now();
    {
      await using controller = await Controller.start(namespace, restricted.config);
      await controller.untilIdle();
      // 100 at once, 100 a second; the machine may be busy.
      const tookMs = performance.now() - begun;
      assert.ok(tookMs > 3_900 && tookMs < 60_000, `${tookMs} ms`);
      assert.deepEqual(new Set(controller.results), new Set(["written"]));
    }
    const routes = await namespace.objects.list(VERSION, "HTTPRoute", namespace.name);
    assert.equal(routes.length, 500);
    assert.ok(routes.every((each) => parentsOf(each).filter(isOurs).length === 2));
    const isBefore = await versions(namespace);
    await using next = await Controller.start(namespace, restricted.config);
    await next.untilIdle();
    assert.deepEqual(next.results, []);
    assert.deepEqual(await versions(namespace), isBefore);
  }).timeout(120_000);

  it("gets through to routes that somebody else writes all the time", async () => {
    await namespace.apply([route("r", "one")]);
    const over = new AbortController();
    let foreignWrites = 0;
    const storm = async (): Promise<void> => {
      while (!over.signal.aborted) {
        const before = entriesOf(await rawCall(await pathOf("r")));
        const own = before.filter((entry) => entry.includes("eastbound.dev/controller"));
        // Not careful: without a resourceVersion it may write over ours.
        await writeForeign("r", foreign(`s${foreignWrites++}`), ...own);
      }
    };
    await using controller = await Controller.start(namespace, restricted.config);
    const storming = Promise.all([storm(), storm()]);
    await namespace.apply([route("r", "one", "two")]);
    await untilRoute("r", (parents) => parents.filter(isOurs).length === 2);
    over.abort();
    await storming;
    await untilRoute("r", (parents) => parents.filter(isOurs).length === 2);
    assert.ok(foreignWrites > 2);
    assert.equal(controller.count("failed"), 0);
    const entries = entriesOf(await rawCall(await pathOf("r"))).filter((entry) =>
      entry.includes("example.com/"),
    );
    assert.ok(entries.every((entry) => entry === foreign(/"name":"(s\d+)"/.exec(entry)?.[1] ?? "")));
  });

  it("reports that it may not", async () => {
    await using stranger = await RestrictedConfig.create(namespace, []);
    const api = createStatusApi(stranger.config);
    await namespace.apply([route("r", "one")]);
    const address = { kind: "HTTPRoute", version: "v1", namespace: namespace.name, name: "r" } as const;
    const { signal } = new AbortController();
    const answer = await api.patch(address, [{ op: "remove", path: "/status" }], signal);
    assert.equal(answer.kind, "failed");
    assert.match(
      answer.kind === "failed" ? answer.message : "",
      /cannot patch resource "httproutes\/status"/,
    );
    const own = createStatusApi(cluster().config);
    assert.equal((await own.read({ ...address, name: "none" }, signal)).kind, "gone");
    assert.equal((await own.patch({ ...address, name: "none" }, [], signal)).kind, "gone");
    assert.equal((await own.read(address, AbortSignal.abort())).kind, "failed");
    const invalid = { op: "add", path: "/status", value: { parents: [{ controllerName: "?" }] } } as const;
    assert.equal((await own.patch(address, [invalid], signal)).kind, "refused");
    const old = { op: "test", path: "/metadata/resourceVersion", value: "1" } as const;
    assert.equal((await own.patch(address, [old], signal)).kind, "refused");
  });
});

/** As the controller has it: connections are kept. */
function pooled(config: KubeConfig): KubeConfig {
  const copy = new PooledKubeConfig();
  copy.loadFromString(config.exportConfig());
  return copy;
}

async function createMany({ name }: TestNamespace, bodies: readonly object[]): Promise<void> {
  const api = pooled(cluster().config).makeApiClient(CustomObjectsApi);
  const [group = "", version = ""] = VERSION.split("/");
  for (let from = 0; from < bodies.length; from += 20) {
    const some = bodies.slice(from, from + 20);
    const resource = { group, version, namespace: name, plural: "httproutes" };
    await Promise.all(some.map((body) => api.createNamespacedCustomObject({ ...resource, body })));
  }
}

function parentsOf(object: AnyObject | undefined): readonly Parent[] {
  return (object?.["status"] as { readonly parents?: readonly Parent[] } | undefined)?.parents ?? [];
}

function isOurs({ controllerName }: Parent): boolean {
  return controllerName === "eastbound.dev/controller";
}

function generationsOf({ conditions }: Parent): readonly number[] {
  return conditions.map(({ observedGeneration }) => observedGeneration);
}

/** The entries of `status.parents` as the API server writes them, cut out of the text. */
function entriesOf(route: string): readonly string[] {
  const list = route.slice(route.indexOf('"parents":[') + '"parents":['.length, route.lastIndexOf("]"));
  return list === "" ? [] : list.split(/(?<=\}\}),(?=\{"conditions")/);
}

async function versions(namespace: TestNamespace): Promise<readonly unknown[]> {
  const routes = await namespace.objects.list(VERSION, "HTTPRoute", namespace.name);
  return routes.map(({ metadata }) => metadata.resourceVersion);
}
