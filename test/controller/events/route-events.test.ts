import assert from "node:assert/strict";
import type { RouteStatus } from "../../../src/binding/route-status.ts";
import { routeEvents, statusOverwritten } from "../../../src/controller/events/route-events.ts";
import { readObservedRoute } from "../../../src/controller/status/observed-route.ts";
import { planStatus } from "../../../src/controller/status/plan-status.ts";
import { applyPatch, FakeApi } from "../status/fake-api.ts";
import { routeStatus, type StatusSpec } from "../status/statuses.ts";

const route = { kind: "HTTPRoute", version: "v1", namespace: "default", name: "r", uid: "u" } as const;

/** The Events of one status after the other, the first one on a route without any. */
function eventsOf(specs: readonly StatusSpec[]): readonly (readonly string[])[] {
  let raw = new FakeApi().put("r", 1);
  return specs.map((spec) => {
    const wanted: RouteStatus = routeStatus(spec);
    const observed = readObservedRoute(raw, "HTTPRoute");
    assert.ok(observed !== undefined);
    const plan = planStatus(observed, wanted, { now: "2026-11-24T10:00:00Z" });
    const changes = plan.kind === "patch" ? plan.changes : [];
    raw = (plan.kind === "patch" ? applyPatch(raw, plan.operations) : undefined) ?? raw;
    return routeEvents({ route, changes, omitted: 0 }).map(({ reason, note }) => `${reason} ${note}`);
  });
}

const UNRESOLVED = "RefsNotResolved BackendNotFound: rules[0].backendRefs[0]: Service x does not exist.";

describe("routeEvents", () => {
  const cases: readonly {
    name: string;
    statuses: readonly StatusSpec[];
    events: readonly (readonly string[])[];
  }[] = [
    { name: "says nothing where all is well", statuses: [{ parents: ["a"] }], events: [[]] },
    {
      name: "tells of a route that is not accepted, and that it is",
      statuses: [{ parents: ["!a"] }, { parents: ["a"] }].map((status, index) => ({
        ...status,
        generation: index + 1,
      })),
      events: [
        ["RouteNotAccepted NoMatchingParent: Service !a does not exist."],
        // The parentRef is another one.
        [],
      ],
    },
    {
      name: "tells of references, and that they lead somewhere",
      statuses: [{ parents: ["a"], isResolved: false }, { parents: ["a"] }],
      events: [[UNRESOLVED], ["RefsResolved All references are resolved."]],
    },
    {
      name: "tells once what parents have in common, and not again for a new generation",
      statuses: [
        { parents: ["a", "b"], isResolved: false },
        { parents: ["a", "b"], isResolved: false, generation: 2 },
      ],
      events: [[UNRESOLVED], []],
    },
    {
      name: "tells of rules that are left out, and that they are not any more",
      statuses: [{ parents: ["a"], isPartial: true }, { parents: ["a"] }],
      events: [
        ["RoutePartiallyInvalid UnsupportedValue: Dropped Rule 0."],
        ["RouteValid No rule of the route is left out any more."],
      ],
    },
    {
      name: "says nothing of parents that are taken away",
      statuses: [{ parents: ["a"], isPartial: true, isResolved: false }, { parents: [] }],
      events: [[UNRESOLVED, "RoutePartiallyInvalid UnsupportedValue: Dropped Rule 0."].reverse(), []],
    },
  ];
  for (const { name, statuses, events } of cases)
    it(name, () => assert.deepEqual(eventsOf(statuses), events));

  it("tells of another problem in place of the first", () => {
    const changes = [
      {
        before: { type: "Accepted", status: "False", reason: "NoMatchingParent", message: "one" },
        after: {
          type: "Accepted",
          status: "False",
          reason: "NoMatchingParent",
          message: "two",
          observedGeneration: 2,
        },
      },
      { before: { type: "Accepted", status: "False", message: "one" }, after: accepted("Bound.") },
      { before: { type: "example.com/Other", status: "False" } },
    ] as const;
    assert.deepEqual(
      routeEvents({ route, changes, omitted: 0 }).map(({ reason, note }) => `${reason} ${note}`),
      ["RouteNotAccepted NoMatchingParent: two", "RouteAccepted Bound."],
    );
  });

  it("names the route", () => {
    const regarding = {
      apiVersion: "gateway.networking.k8s.io/v1",
      kind: "HTTPRoute",
      namespace: "default",
      name: "r",
      uid: "u",
    };
    assert.deepEqual(statusOverwritten(route).regarding, regarding);
  });
});

function accepted(message: string) {
  return { type: "Accepted", status: "True", reason: "Accepted", message, observedGeneration: 2 } as const;
}
