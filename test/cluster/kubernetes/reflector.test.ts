import assert from "node:assert/strict";
import { ApiError } from "../../../src/kubernetes/api-error.ts";
import type { ApiResource } from "../../../src/kubernetes/api-resource.ts";
import { startCustomReflector } from "../../../src/kubernetes/custom-reflector.ts";
import { createWatchApi } from "../../../src/kubernetes/http-api.ts";
import { startReflector } from "../../../src/kubernetes/reflector.ts";
import type { WatchApi, WatchEvent } from "../../../src/kubernetes/watch-api.ts";
import { cluster } from "../support/cluster.ts";
import { TestNamespace } from "../support/test-namespace.ts";
import { FollowedObjects } from "./followed-objects.ts";

const configMaps: ApiResource = { group: "", version: "v1", plural: "configmaps" };

function configMap(name: string, value: string): object {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, labels: { test: "yes" } },
    data: { value },
  };
}

function sorted(objects: ReadonlyMap<string, string>): string[] {
  return [...objects].map(([key, value]) => `${key.split("/")[1]}=${value}`).sort();
}

describe("reflectors on a real API server", () => {
  let namespace: TestNamespace;
  let api: WatchApi;

  before(async () => {
    namespace = await TestNamespace.create("reflector");
    api = createWatchApi(cluster().config);
  });
  after(async () => namespace[Symbol.asyncDispose]());

  it("follow objects that are there, come, change and go", async () => {
    await namespace.apply([configMap("a", "1"), configMap("b", "1")]);
    await using followed = new FollowedObjects(api, (base) =>
      startReflector({ ...base, resource: configMaps, namespace: namespace.name, labelSelector: "test=yes" }),
    );
    await followed.reflector.synced;
    assert.deepEqual(sorted(followed.objects), ["a=1", "b=1"]);
    await namespace.apply([configMap("c", "1"), configMap("a", "2")]);
    await namespace.delete([configMap("b", "1")]);
    await followed.until("all changes", () => sorted(followed.objects).join() === "a=2,c=1");
    const { lists, errors, events } = followed.reflector.statistics;
    assert.deepEqual({ lists: lists.start, errors, events }, { lists: 1, errors: 0, events: 3 });
  });

  it("lists in pages that show one moment", async () => {
    const all = Array.from({ length: 7 }, (_, i) => configMap(`page-${i}`, "1"));
    await namespace.apply(all);
    const request = { resource: configMaps, namespace: namespace.name, labelSelector: "test=yes", limit: 3 };
    const names: string[] = [];
    const onItem = (item: unknown): void => {
      names.push((item as { metadata: { name: string } }).metadata.name);
    };
    const never = new AbortController().signal;
    const first = await api.list(request, onItem, never);
    await namespace.delete(all.slice(5));
    const { continueToken = "" } = first;
    const second = await api.list({ ...request, continueToken }, onItem, never);
    const versions = new Set([first.resourceVersion, second.resourceVersion]);
    let token = second.continueToken;
    while (token !== undefined) {
      const page = await api.list({ ...request, continueToken: token }, onItem, never);
      versions.add(page.resourceVersion);
      token = page.continueToken;
    }
    assert.equal(versions.size, 1);
    assert.deepEqual(
      names.filter((name) => name.startsWith("page-")),
      all.map((_, i) => `page-${i}`),
    );
  });

  it("are told when a version is too old to go on from", async () => {
    const never = new AbortController().signal;
    const events: WatchEvent[] = [];
    const observer = { onOpen: () => {}, onEvents: (batch: readonly WatchEvent[]) => events.push(...batch) };
    const watched = api.watch(
      { resource: configMaps, resourceVersion: "1", timeoutSeconds: 5 },
      observer,
      never,
    );
    const refused = await watched.then(
      () => "",
      (thrown: unknown) => (thrown instanceof ApiError && thrown.isExpired ? "Expired" : String(thrown)),
    );
    const told = events.map((event) =>
      event.kind === "event" ? `${event.type} ${JSON.stringify(event.object)}` : "",
    );
    assert.match([...told, refused].join("\n"), /"code":410,|Expired/);
  });

  it("hear bookmarks when nothing happens, often enough not to be taken for dead", async function () {
    this.timeout(120_000);
    await using followed = new FollowedObjects(api, (base) =>
      startReflector({
        ...base,
        resource: configMaps,
        namespace: namespace.name,
        labelSelector: "test=none",
      }),
    );
    await followed.reflector.synced;
    const controller = new AbortController();
    const bookmarked = Promise.withResolvers<WatchEvent>();
    const observer = {
      onOpen: () => {},
      onEvents: (batch: readonly WatchEvent[]) => {
        const [first] = batch;
        if (first !== undefined) bookmarked.resolve(first);
      },
    };
    const request = {
      resource: configMaps,
      namespace: namespace.name,
      labelSelector: "test=none",
      resourceVersion: (await api.list({ resource: configMaps, limit: 1 }, () => {}, controller.signal))
        .resourceVersion,
      timeoutSeconds: 300,
    };
    const watched = api.watch(request, observer, controller.signal);
    const event = await bookmarked.promise;
    controller.abort();
    await assert.rejects(watched);
    assert.equal(event.kind === "event" && event.type, "BOOKMARK");
    assert.equal(followed.reflector.statistics.watchEnds.stalled, 0);
  });
});

describe("custom reflectors on a real API server", () => {
  const group = `reflector-${process.pid}.eastbound.test`;
  let namespace: TestNamespace;
  let api: WatchApi;

  before(async () => {
    namespace = await TestNamespace.create("custom");
    api = createWatchApi(cluster().config);
  });
  after(async () => {
    await namespace.delete([definition({ v1: true, v1beta1: true })]);
    await namespace[Symbol.asyncDispose]();
  });

  function definition(served: Readonly<Record<"v1" | "v1beta1", boolean>>): object {
    const schema = {
      openAPIV3Schema: {
        type: "object",
        properties: { data: { type: "object", properties: { value: { type: "string" } } } },
      },
    };
    const version = (name: "v1" | "v1beta1", storage: boolean): object => ({
      name,
      served: served[name],
      storage,
      schema,
    });
    return {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: "Namespaced",
        names: { plural: "widgets", singular: "widget", kind: "Widget" },
        versions: [version("v1", true), version("v1beta1", false)],
      },
    };
  }

  /** Creates a widget; a CRD that is new is not served at once. */
  async function createWidget(version: string, name: string, value: string): Promise<void> {
    const path = `/apis/${group}/${version}/namespaces/${namespace.name}/widgets`;
    const body = { apiVersion: `${group}/${version}`, kind: "Widget", metadata: { name }, data: { value } };
    for (let left = 100; ; left--) {
      try {
        await namespace.objects.api.call(path, { method: "POST", body });
        return;
      } catch (error) {
        if (left === 0 || !/ 404 /.test(String(error))) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  it("follow a CRD that is not there, comes, changes versions, goes and comes back", async () => {
    await using followed = new FollowedObjects(api, (base) =>
      startCustomReflector({ ...base, group, plural: "widgets", versions: ["v1", "v1beta1"] }),
    );
    await followed.reflector.synced;
    assert.equal(followed.reflector.statistics.state, "absent");

    await namespace.apply([definition({ v1: true, v1beta1: true })]);
    await createWidget("v1", "a", "1");
    await createWidget("v1beta1", "b", "1");
    await followed.until("objects of both versions", () => followed.objects.size === 2);

    const others = (): number => followed.log.filter((line) => line.startsWith("following")).length;
    await namespace.apply([definition({ v1: false, v1beta1: true })]);
    await followed.until("the other version", () => others() === 2);
    await createWidget("v1beta1", "c", "1");
    await followed.until("an object of the other version", () => followed.objects.size === 3);
    assert.deepEqual(sorted(followed.objects), ["a=1", "b=1", "c=1"]);

    await namespace.delete([definition({ v1: true, v1beta1: true })]);
    await followed.until("no object", () => followed.objects.size === 0 && isAbsent(followed));

    await namespace.apply([definition({ v1: true, v1beta1: false })]);
    await createWidget("v1", "d", "2");
    await followed.until("the new object", () => sorted(followed.objects).join() === "d=2");
  });
});

function isAbsent({ reflector }: FollowedObjects): boolean {
  return reflector.statistics.state === "absent";
}
