import assert from "node:assert/strict";
import { FaultScene } from "../support/fault-scene.ts";
import type { AnyObject } from "../support/objects.ts";

const COUNT = 300;

/** Rules that are wrong each in its way, though the API server takes them. */
const wrongRules: readonly ((index: number) => object)[] = [
  (index) => ({ backendRefs: [{ name: `nowhere-${index}`, port: 80 }] }),
  () => ({ backendRefs: [{ name: "one", port: 81 }] }),
  () => ({ backendRefs: [{ group: "storage.example", kind: "Bucket", name: "one", port: 80 }] }),
  () => ({
    filters: [
      { type: "ExtensionRef", extensionRef: { group: "filters.example", kind: "Filter", name: "x" } },
    ],
    backendRefs: [{ name: "one", port: 80 }],
  }),
  () => ({
    matches: [{ headers: [{ type: "RegularExpression", name: "x", value: "([" }] }],
    backendRefs: [{ name: "one", port: 80 }],
  }),
];

function wrongRoute(index: number): object {
  const rule = wrongRules[index % wrongRules.length]?.(index);
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: `wrong-${index}` },
    spec: {
      parentRefs: [{ group: "", kind: "Service", name: "routed" }],
      rules: [{ matches: [{ path: { type: "PathPrefix", value: `/wrong/${index}` } }], ...rule }],
    },
  };
}

interface Condition {
  readonly type: string;
  readonly status: string;
}

function conditionsOf(route: AnyObject): readonly Condition[] {
  const { parents = [] } = (route["status"] ?? {}) as {
    readonly parents?: readonly {
      readonly controllerName: string;
      readonly conditions: readonly Condition[];
    }[];
  };
  return parents.flatMap(({ conditions }) => conditions);
}

describe("bad routes come by the hundred", function suite() {
  this.timeout("4m");
  const routes = Array.from({ length: COUNT }, (_, index) => wrongRoute(index));
  let scene: FaultScene;

  before(async () => {
    scene = await FaultScene.shared();
  });

  after(async () => (scene as FaultScene | undefined)?.namespace.delete(routes));

  it("goes on with the good one", async () => {
    await scene.namespace.apply(routes);
    await scene.assertUnharmed({ least: 60 });
    await scene.rollOut("one");
    await scene.assertUnharmed();
  });

  it("says of each bad one that it is", async () => {
    const found = await scene.namespace.objects.untilAll(
      { apiVersion: "gateway.networking.k8s.io/v1", kind: "HTTPRoute", namespace: scene.namespace.name },
      "",
      (all) => all.every((route) => conditionsOf(route).length > 0),
      { what: "have a status", timeoutMs: 90_000 },
    );
    const wrong = found.filter(({ metadata }) => metadata.name.startsWith("wrong-"));
    assert.equal(wrong.length, COUNT);
    const unharmed = wrong.filter((route) => conditionsOf(route).every(({ status }) => status === "True"));
    assert.deepEqual(
      unharmed.map(({ metadata }) => metadata.name),
      [],
    );
    await scene.assertUnharmed();
  });
});
