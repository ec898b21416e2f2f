import assert from "node:assert/strict";
import {
  authorityRotated,
  certificateRotated,
  configurationRefused,
  gatewayApiMissing,
  meshObjectTaken,
  serviceProblem,
  trustRepaired,
} from "../../../src/controller/events/event-cases.ts";
import type { EventDraft } from "../../../src/controller/events/event-draft.ts";
import { EVENT_REASONS, type EventReason } from "../../../src/controller/events/event-reasons.ts";
import { routeEvents, statusOverwritten } from "../../../src/controller/events/route-events.ts";

const place = { namespace: "ns", name: "o", uid: "u" };
const route = { kind: "HTTPRoute", version: "v1", namespace: "ns", name: "o", uid: "u" } as const;
const mesh = { apiVersion: "gateway.networking.x-k8s.io/v1alpha1", name: "eastbound", uid: "u" };

const cases: Readonly<Record<Exclude<EventReason, RouteReason>, EventDraft>> = {
  StatusOverwritten: statusOverwritten(route),
  ServiceProblem: serviceProblem(place, "10.0.0.1:80 belongs to Service ns/other already"),
  ConfigurationRefused: configurationRefused(place, { resource: "Frontend 10.0.0.1:80", message: "too new" }),
  AuthorityRotated: authorityRotated(place, "2027-01-01T00:00:00Z"),
  CertificateRotated: certificateRotated(place, "2027-01-01T00:00:00Z"),
  TrustRepaired: trustRepaired(place, "ca.key does not belong to ca.crt"),
  GatewayApiMissing: gatewayApiMissing(place, {
    resource: "httproutes.gateway.networking.k8s.io",
    versions: ["v1", "v1beta1"],
  }),
  MeshObjectTaken: meshObjectTaken({ ...mesh, controllerName: "example.com/mesh" }),
};

/** Those that follow from conditions. */
type RouteReason =
  | "RouteNotAccepted"
  | "RoutePartiallyInvalid"
  | "RefsNotResolved"
  | "RouteAccepted"
  | "RouteValid"
  | "RefsResolved";

describe("the cases of Events", () => {
  for (const [reason, { regarding, reason: written, note }] of Object.entries(cases)) {
    it(`${reason} is about the right kind of object`, () => {
      assert.equal(written, reason);
      assert.equal(regarding.kind, EVENT_REASONS[written].on);
      assert.equal(regarding.uid, "u");
      assert.ok(note.length > 20 && note.length < 300);
    });
  }

  it("goes without a uid where none is known", () => {
    const { regarding } = serviceProblem({ namespace: "ns", name: "o" }, "a problem");
    assert.deepEqual(regarding, { apiVersion: "v1", kind: "Service", namespace: "ns", name: "o" });
  });

  it("has a reason for each condition of routes, bad and good", () => {
    const types = ["Accepted", "ResolvedRefs", "PartiallyInvalid"] as const;
    const reasons = types.flatMap((type) => {
      const [bad, good] =
        type === "PartiallyInvalid" ? (["True", "False"] as const) : (["False", "True"] as const);
      return [bad, good].flatMap((status) => {
        const before = { type, status: status === bad ? good : bad };
        const after = { type, status, reason: "R", message: "m", observedGeneration: 1 };
        return routeEvents({ route, changes: [{ before, after }], omitted: 0 }).map((event) => event.reason);
      });
    });
    assert.deepEqual(
      [...reasons, ...Object.keys(cases)].sort(),
      Object.keys(EVENT_REASONS).sort(),
      "every reason is made somewhere",
    );
  });
});
