import assert from "node:assert/strict";
import type { RouteStatus } from "../../../src/binding/route-status.ts";
import { CONTROLLER_NAME } from "../../../src/controller/controller-name.ts";
import { readObservedRoute } from "../../../src/controller/status/observed-route.ts";
import { planStatus, type StatusPlan } from "../../../src/controller/status/plan-status.ts";
import { applyPatch, FakeApi, type RawRoute } from "./fake-api.ts";
import { foreignEntry, routeStatus, serviceRef } from "./statuses.ts";

const EARLY = "2026-01-01T00:00:00Z";
const NOW = "2026-11-24T10:00:00Z";

function planFor(raw: RawRoute, wanted: RouteStatus | undefined, now = NOW): StatusPlan {
  const observed = readObservedRoute(raw, "HTTPRoute");
  assert.ok(observed !== undefined);
  return planStatus(observed, wanted, { now });
}

/** The route after the plan was carried out, if there is anything to do. */
function carriedOut(raw: RawRoute, wanted: RouteStatus | undefined, now = NOW): RawRoute {
  const plan = planFor(raw, wanted, now);
  if (plan.kind !== "patch") return raw;
  const patched = applyPatch(raw, plan.operations);
  assert.ok(patched !== undefined);
  assert.equal(planFor(patched, wanted).kind, "nothing", "a second look finds nothing to do");
  return patched;
}

function parentsOf(raw: RawRoute): unknown[] {
  return raw.status?.parents ?? [];
}

interface Entry {
  readonly controllerName: string;
  readonly parentRef: { readonly name: string };
  readonly conditions: readonly Readonly<Record<string, unknown>>[];
}

/** `*name` is ours. */
function namesOf(raw: RawRoute): readonly string[] {
  return (parentsOf(raw) as Entry[]).map(
    ({ controllerName, parentRef }) => (controllerName === CONTROLLER_NAME ? "*" : "") + parentRef.name,
  );
}

function conditionsOf(raw: RawRoute, index: number): Entry["conditions"] {
  return (parentsOf(raw) as Entry[])[index]?.conditions ?? [];
}

function route(parents?: unknown[], generation = 1): RawRoute {
  return new FakeApi().put("r", generation, parents);
}

const ours = (...names: string[]): unknown[] =>
  parentsOf(carriedOut(route([]), routeStatus({ parents: names }), EARLY));

describe("planStatus", () => {
  const layouts: readonly {
    name: string;
    before: RawRoute;
    wanted: readonly string[];
    after: readonly string[];
  }[] = [
    { name: "makes the status", before: route(), wanted: ["a", "b"], after: ["*a", "*b"] },
    {
      name: "makes the list",
      before: { ...route(), status: {} },
      wanted: ["a"],
      after: ["*a"],
    },
    {
      name: "goes behind the entries of others",
      before: route([foreignEntry("x"), foreignEntry("y")]),
      wanted: ["a", "b"],
      after: ["x", "y", "*a", "*b"],
    },
    {
      name: "keeps its places among them",
      before: route([...ours("a"), foreignEntry("x"), ...ours("b")]),
      wanted: ["a", "b"],
      after: ["*a", "x", "*b"],
    },
    {
      name: "takes its places in the order of the route",
      before: route([...ours("b"), foreignEntry("x")]),
      wanted: ["a", "b"],
      after: ["*a", "x", "*b"],
    },
    {
      name: "does not write for the order alone",
      before: route([...ours("b"), foreignEntry("x"), ...ours("a")]),
      wanted: ["a", "b"],
      after: ["*b", "x", "*a"],
    },
    {
      name: "removes what is stale",
      before: route([...ours("a", "b"), foreignEntry("x"), ...ours("c", "d")]),
      wanted: ["c"],
      after: ["*c", "x"],
    },
    {
      name: "keeps one of two entries for a parent",
      before: route([...ours("a"), foreignEntry("x"), ...ours("a")]),
      wanted: ["a"],
      after: ["*a", "x"],
    },
  ];
  for (const { name, before, wanted, after } of layouts) {
    it(name, () => {
      const outcome = carriedOut(before, routeStatus({ parents: wanted }));
      assert.deepEqual(namesOf(outcome), after);
    });
  }

  it("gives conditions to an entry of ours that somebody has left without any", () => {
    const bare = { controllerName: CONTROLLER_NAME, parentRef: serviceRef("a") };
    const written = carriedOut(route([foreignEntry("x"), bare]), routeStatus({ parents: ["a"] }));
    assert.deepEqual(namesOf(written), ["x", "*a"]);
    assert.deepEqual(
      conditionsOf(written, 1).map(({ type }) => type),
      ["Accepted", "ResolvedRefs"],
    );
  });

  it("leaves entries alone that are none", () => {
    const before = route([null, 7, ...ours("a"), "?"]);
    assert.deepEqual(planFor(before, routeStatus({ parents: ["a"] })), { kind: "nothing", omitted: 0 });
    assert.deepEqual(parentsOf(carriedOut(before, undefined)), [null, 7, "?"]);
  });

  it("writes all conditions at the new generation with the time of their last change", () => {
    const before = route(ours("a"), 2);
    const outcome = carriedOut(before, routeStatus({ generation: 2, parents: ["a"], isResolved: false }));
    assert.deepEqual(conditionsOf(outcome, 0), [
      {
        type: "Accepted",
        status: "True",
        observedGeneration: 2,
        lastTransitionTime: EARLY,
        reason: "Accepted",
        message: "Bound to a.",
      },
      {
        type: "ResolvedRefs",
        status: "False",
        observedGeneration: 2,
        lastTransitionTime: NOW,
        reason: "BackendNotFound",
        message: "rules[0].backendRefs[0]: Service x does not exist.",
      },
    ]);
  });

  it("names the parent as the route does, and the controller", () => {
    const ref = { group: "", kind: "Service", namespace: "other", name: "a", sectionName: "web", port: 80 };
    const status = routeStatus({ parents: ["a"] });
    const wanted = { ...status, parents: status.parents.map((parent) => ({ ...parent, parentRef: ref })) };
    const [entry] = parentsOf(carriedOut(route(), wanted)) as Entry[];
    assert.deepEqual(entry?.parentRef, ref);
    assert.equal(entry?.controllerName, "eastbound.dev/controller");
  });

  it("takes a parent with the API server's defaults for the same", () => {
    const status = routeStatus({ parents: ["a"] });
    const wanted = {
      ...status,
      parents: status.parents.map((parent) => ({ ...parent, parentRef: { name: "a" } })),
    };
    const written = carriedOut(route(), wanted);
    const [entry] = parentsOf(written) as Entry[];
    const defaulted = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "a" };
    const before = route([{ ...entry, parentRef: defaulted }]);
    assert.deepEqual(planFor(before, wanted), { kind: "nothing", omitted: 0 });
  });

  it("removes PartiallyInvalid when it is over, and keeps what others say in an entry of ours", () => {
    const alien = { type: "example.com/Seen", status: "Unknown", zork: 1 };
    const partial = carriedOut(route([]), routeStatus({ parents: ["a"], isPartial: true }));
    const [entry] = parentsOf(partial) as Entry[];
    const before = route([{ ...entry, conditions: [alien, ...(entry?.conditions ?? [])] }]);
    const outcome = carriedOut(before, routeStatus({ parents: ["a"] }));
    assert.deepEqual(
      conditionsOf(outcome, 0).map(({ type }) => type),
      ["example.com/Seen", "Accepted", "ResolvedRefs"],
    );
    assert.deepEqual(conditionsOf(outcome, 0)[0], alien);
  });

  it("waits for the judgement of a newer generation, and writes over one that can't be", () => {
    assert.deepEqual(planFor(route(ours("a"), 3), routeStatus({ generation: 2, parents: [] })), {
      kind: "patch",
      operations: [
        { op: "test", path: "/metadata/resourceVersion", value: "100" },
        { op: "remove", path: "/status/parents/0" },
      ],
      changes: [],
      omitted: 0,
    });
    assert.deepEqual(planFor(route(ours("a"), 3), routeStatus({ generation: 2, parents: ["a"] })), {
      kind: "wait",
    });
    const [entry] = ours("a") as Entry[];
    const future = { ...entry, conditions: entry?.conditions.map((c) => ({ ...c, observedGeneration: 9 })) };
    const outcome = carriedOut(route([future]), routeStatus({ parents: ["a"] }));
    assert.deepEqual(
      conditionsOf(outcome, 0).map(({ observedGeneration }) => observedGeneration),
      [1, 1],
    );
  });

  it("takes the room that others leave", () => {
    const others = Array.from({ length: 30 }, (_, index) => foreignEntry(`x${index}`));
    const plan = planFor(route(others), routeStatus({ parents: ["a", "b", "c"] }));
    assert.equal((plan as { omitted?: number }).omitted, 1);
    const outcome = carriedOut(route(others), routeStatus({ parents: ["a", "b", "c"] }));
    assert.deepEqual(namesOf(outcome).slice(29), ["x29", "*a", "*b"]);
    const full = Array.from({ length: 32 }, (_, index) => foreignEntry(`x${index}`));
    assert.deepEqual(planFor(route(full), routeStatus({ parents: ["a"] })), { kind: "nothing", omitted: 1 });
  });

  it("leaves out what finds no room among the conditions of others", () => {
    const aliens = Array.from({ length: 7 }, (_, index) => ({
      type: `example.com/c${index}`,
      status: "True",
    }));
    const before = route([
      { controllerName: CONTROLLER_NAME, parentRef: serviceRef("a"), conditions: aliens },
    ]);
    const plan = planFor(before, routeStatus({ parents: ["a"] }));
    assert.deepEqual((plan as { changes?: unknown[] }).changes?.length, 1);
  });

  it("says what changed", () => {
    const plan = planFor(route(ours("a", "b")), routeStatus({ parents: ["!a", "b"] }));
    const { changes = [] } = plan as {
      changes?: readonly { before?: { type: string }; after?: { type: string } }[];
    };
    assert.deepEqual(
      changes.map(({ before, after }) => [before?.type, after?.type]),
      [
        [undefined, "Accepted"],
        [undefined, "ResolvedRefs"],
      ],
    );
  });
});
