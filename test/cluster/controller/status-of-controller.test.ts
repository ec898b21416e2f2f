import assert from "node:assert/strict";
import { ProxyProcess } from "../../support/proxy-process.ts";
import { cluster } from "../support/cluster.ts";
import type { AnyObject } from "../support/objects.ts";
import { TestNamespace } from "../support/test-namespace.ts";

const GATEWAY = "gateway.networking.k8s.io/v1";

function startController(namespace: TestNamespace): ProxyProcess {
  const anywhere = "127.0.0.1:0";
  const flags = [
    "--kubeconfig",
    cluster().kubeconfig,
    "--namespace",
    namespace.name,
    "--identity",
    "replica",
  ];
  const addresses = ["--listen", anywhere, "--metrics", anywhere, "--admin", anywhere];
  return new ProxyProcess({ command: "controller", flags: [...flags, ...addresses] });
}

function service(name: string): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { ports: [{ name: "http", port: 80 }] },
  };
}

function route(name: string, backend: string): object {
  const parentRefs = [{ group: "", kind: "Service", name: "reviews" }];
  const rules = [{ backendRefs: [{ name: backend, port: 80 }] }];
  return { apiVersion: GATEWAY, kind: "HTTPRoute", metadata: { name }, spec: { parentRefs, rules } };
}

interface RouteStatus {
  readonly parents?: readonly {
    readonly controllerName: string;
    readonly conditions: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
    }[];
  }[];
}

/** The conditions of ours, as words. */
function conditionsOf(object: AnyObject | undefined): string {
  const { parents = [] } = (object?.["status"] ?? {}) as RouteStatus;
  return parents
    .filter(({ controllerName }) => controllerName === "eastbound.dev/controller")
    .flatMap(({ conditions }) => conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`))
    .join(" ");
}

describe("the status of routes, by a whole controller", () => {
  let namespace: TestNamespace;

  beforeEach(async () => {
    namespace = await TestNamespace.create("status-whole");
  });
  afterEach(async () => namespace[Symbol.asyncDispose]());

  const untilRoute = (name: string, conditions: string) =>
    namespace.until(GATEWAY, "HTTPRoute", name, (object) => conditionsOf(object) === conditions);

  async function untilEvents(...reasons: readonly string[]): Promise<readonly AnyObject[]> {
    const events = { apiVersion: "events.k8s.io/v1", kind: "Event", namespace: namespace.name };
    const ofRoutes = (all: readonly AnyObject[]): readonly AnyObject[] =>
      all.filter((event) => (event["regarding"] as { readonly kind: string }).kind === "HTTPRoute");
    const all = await namespace.objects.untilAll(events, "", (found) => {
      const told = ofRoutes(found).map((event) => event["reason"]);
      return reasons.every((reason) => told.includes(reason));
    });
    return ofRoutes(all);
  }

  it("says what became of a route and that it is mended, once, over a restart", async () => {
    await namespace.apply([service("reviews"), route("r", "later")]);
    {
      await using controller = startController(namespace);
      await untilRoute("r", "Accepted=True/Accepted ResolvedRefs=False/BackendNotFound");
      await untilEvents("RefsNotResolved");
      await namespace.apply([service("later")]);
      await untilRoute("r", "Accepted=True/Accepted ResolvedRefs=True/ResolvedRefs");
      await untilEvents("RefsNotResolved", "RefsResolved");
      controller.signal("SIGTERM");
      assert.equal(await controller.ended, 0);
    }
    const before = await namespace.read(GATEWAY, "HTTPRoute", "r");
    await using controller = startController(namespace);
    // The last of all that it has to look at.
    await namespace.apply([route("z", "nowhere")]);
    await untilRoute("z", "Accepted=True/Accepted ResolvedRefs=False/BackendNotFound");
    const after = await namespace.read(GATEWAY, "HTTPRoute", "r");
    assert.equal(after?.metadata.resourceVersion, before?.metadata.resourceVersion);
    const events = await untilEvents("RefsNotResolved", "RefsResolved");
    const ofRoute = events.filter((event) => (event["regarding"] as { readonly name: string }).name === "r");
    const told = ofRoute.map(
      (event) => `${String(event["reason"])} ${event["series"] === undefined ? "once" : ""}`,
    );
    assert.deepEqual(told.toSorted(), ["RefsNotResolved once", "RefsResolved once"]);
    await namespace.delete([service("reviews")]);
    await untilRoute("r", "Accepted=False/NoMatchingParent ResolvedRefs=True/ResolvedRefs");
    await untilEvents("RouteNotAccepted");
    controller.signal("SIGTERM");
    assert.equal(await controller.ended, 0);
  });
});
