import assert from "node:assert/strict";
import { type AddressFamily, type Locality, selectCandidates } from "../../src/balancing/candidates.ts";
import type { Backend, Endpoint } from "../../src/binding/backend.ts";
import { aBackend, anEndpoint } from "../support/backends.ts";

interface Case {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly backend?: Partial<Backend>;
  readonly family?: AddressFamily;
  readonly locality?: Locality;
  readonly expect: string;
}

const unready = { isReady: false, isServing: false };
const draining = { isReady: false, isTerminating: true };
const dead = { isReady: false, isServing: false, isTerminating: true };
const here: Locality = { zone: "a", node: "n1" };
const local = { internalTrafficPolicy: "Local" } as const;

const cases: readonly Case[] = [
  { name: "no endpoints", endpoints: [], expect: "none: no-endpoints" },
  {
    name: "ready ones, without the others",
    endpoints: [anEndpoint(1), anEndpoint(2, unready), anEndpoint(3, draining), anEndpoint(4)],
    expect: "all: 1 4",
  },
  {
    name: "ready wins over serving and terminating of a published address",
    endpoints: [anEndpoint(1, { isTerminating: true }), anEndpoint(2, draining)],
    expect: "all: 1",
  },
  {
    name: "serving and terminating ones when none is ready",
    endpoints: [anEndpoint(1, draining), anEndpoint(2, dead), anEndpoint(3, unready)],
    expect: "all draining: 1",
  },
  {
    name: "none serves",
    endpoints: [anEndpoint(1, dead), anEndpoint(2, unready)],
    expect: "none: none-ready",
  },
  {
    name: "serving alone, neither ready nor terminating, is not enough",
    endpoints: [anEndpoint(1, { isReady: false })],
    expect: "none: none-ready",
  },
  {
    name: "one family only",
    endpoints: [anEndpoint(1), anEndpoint(2, { family: 6 })],
    family: 6,
    expect: "all: 2",
  },
  {
    name: "readiness is decided within the family",
    endpoints: [anEndpoint(1), anEndpoint(2, { family: 6, ...draining })],
    family: 6,
    expect: "all draining: 2",
  },
  { name: "no endpoint of the family", endpoints: [anEndpoint(1)], family: 6, expect: "none: no-endpoints" },

  // internalTrafficPolicy
  {
    name: "Local: those of this node",
    backend: local,
    locality: here,
    endpoints: [anEndpoint(1, { node: "n1" }), anEndpoint(2, { node: "n2" }), anEndpoint(3)],
    expect: "local-node: 1",
  },
  {
    name: "Local: a draining one of this node before ready ones elsewhere",
    backend: local,
    locality: here,
    endpoints: [anEndpoint(1, { node: "n1", ...draining }), anEndpoint(2, { node: "n2" })],
    expect: "local-node draining: 1",
  },
  {
    name: "Local: no spill",
    backend: local,
    locality: here,
    endpoints: [anEndpoint(1, { node: "n1", ...dead }), anEndpoint(2, { node: "n2" })],
    expect: "none: none-local",
  },
  {
    name: "Local: an unknown node has no local endpoints",
    backend: local,
    locality: { zone: "a" },
    endpoints: [anEndpoint(1, { node: "n1" }), anEndpoint(2)],
    expect: "none: node-unknown",
  },
  {
    name: "Local: hints and trafficDistribution don't matter",
    backend: { ...local, trafficDistribution: "PreferSameZone" },
    locality: here,
    endpoints: [anEndpoint(1, { node: "n1", zone: "b", hintZones: ["b"] })],
    expect: "local-node: 1",
  },

  // Hints
  {
    name: "zone hints that fit",
    locality: here,
    endpoints: [anEndpoint(1, { hintZones: ["a"] }), anEndpoint(2, { hintZones: ["b", "c"] })],
    expect: "same-zone: 1",
  },
  {
    name: "zone hints of which none fits",
    locality: here,
    endpoints: [anEndpoint(1, { hintZones: ["b"] }), anEndpoint(2, { hintZones: ["b"] })],
    expect: "all: 1 2",
  },
  {
    name: "zone hints that one ready endpoint lacks",
    locality: here,
    endpoints: [anEndpoint(1, { hintZones: ["a"] }), anEndpoint(2)],
    expect: "all: 1 2",
  },
  {
    name: "an endpoint that is not ready needs no hint",
    locality: here,
    endpoints: [anEndpoint(1, { hintZones: ["a"] }), anEndpoint(2, unready)],
    expect: "same-zone: 1",
  },
  {
    name: "zone hints without a known zone",
    locality: { node: "n1" },
    endpoints: [anEndpoint(1, { hintZones: ["a"] }), anEndpoint(2, { hintZones: ["b"] })],
    expect: "all: 1 2",
  },
  {
    name: "an endpoint may be hinted for another zone than its own",
    locality: here,
    endpoints: [
      anEndpoint(1, { zone: "b", hintZones: ["a"] }),
      anEndpoint(2, { zone: "a", hintZones: ["b"] }),
    ],
    expect: "same-zone: 1",
  },
  {
    name: "node hints before zone hints",
    locality: here,
    endpoints: [
      anEndpoint(1, { hintNodes: ["n1"], hintZones: ["a"] }),
      anEndpoint(2, { hintNodes: ["n2"], hintZones: ["a"] }),
    ],
    expect: "same-node: 1",
  },
  {
    name: "node hints of which none fits leave the zone hints",
    locality: here,
    endpoints: [
      anEndpoint(1, { hintNodes: ["n2"], hintZones: ["a"] }),
      anEndpoint(2, { hintNodes: ["n3"], hintZones: ["b"] }),
    ],
    expect: "same-zone: 1",
  },
  {
    name: "node hints that one lacks leave the zone hints",
    locality: here,
    endpoints: [anEndpoint(1, { hintNodes: ["n1"], hintZones: ["b"] }), anEndpoint(2, { hintZones: ["a"] })],
    expect: "same-zone: 2",
  },
  {
    name: "hints don't narrow draining endpoints",
    locality: here,
    endpoints: [
      anEndpoint(1, { hintZones: ["a"], ...draining }),
      anEndpoint(2, { hintZones: ["b"], ...draining }),
    ],
    expect: "all draining: 1 2",
  },

  // trafficDistribution without hints
  {
    name: "PreferSameZone: the zones of the endpoints",
    backend: { trafficDistribution: "PreferSameZone" },
    locality: here,
    endpoints: [anEndpoint(1, { zone: "a" }), anEndpoint(2, { zone: "b", node: "n1" })],
    expect: "same-zone: 1",
  },
  {
    name: "PreferSameZone: a ready endpoint without a zone turns it off",
    backend: { trafficDistribution: "PreferSameZone" },
    locality: here,
    endpoints: [anEndpoint(1, { zone: "a" }), anEndpoint(2)],
    expect: "all: 1 2",
  },
  {
    name: "PreferSameZone: written hints win, even incomplete ones",
    backend: { trafficDistribution: "PreferSameZone" },
    locality: here,
    endpoints: [anEndpoint(1, { zone: "a" }), anEndpoint(2, { zone: "b", hintZones: ["b"] })],
    expect: "all: 1 2",
  },
  {
    name: "PreferSameNode: the node",
    backend: { trafficDistribution: "PreferSameNode" },
    locality: here,
    endpoints: [anEndpoint(1, { zone: "a", node: "n1" }), anEndpoint(2, { zone: "a", node: "n2" })],
    expect: "same-node: 1",
  },
  {
    name: "PreferSameNode: else the zone",
    backend: { trafficDistribution: "PreferSameNode" },
    locality: here,
    endpoints: [anEndpoint(1, { zone: "a", node: "n2" }), anEndpoint(2, { zone: "b" })],
    expect: "same-zone: 1",
  },
  {
    name: "PreferSameNode: else all",
    backend: { trafficDistribution: "PreferSameNode" },
    locality: {},
    endpoints: [anEndpoint(1, { zone: "a", node: "n2" }), anEndpoint(2, { zone: "b", node: "n3" })],
    expect: "all: 1 2",
  },
  {
    name: "no trafficDistribution: zones alone don't matter",
    locality: here,
    endpoints: [anEndpoint(1, { zone: "a" }), anEndpoint(2, { zone: "b" })],
    expect: "all: 1 2",
  },
];

describe("selectCandidates", () => {
  for (const c of cases) {
    it(c.name, () => {
      const selected = selectCandidates(aBackend(c.endpoints, c.backend), c.family ?? 4, c.locality ?? {});
      const text =
        selected.kind === "none"
          ? `none: ${selected.reason}`
          : `${selected.scope}${selected.isDraining ? " draining" : ""}: ${selected.endpoints
              .map((endpoint) => endpoint.address.split(/[.:]/).at(-1))
              .join(" ")}`;
      assert.equal(text, c.expect);
    });
  }
});
