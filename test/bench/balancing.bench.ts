import type { BalancedEndpoint } from "../../src/balancing/balanced-endpoint.ts";
import { EndpointSet } from "../../src/balancing/endpoint-set.ts";
import { RetryBudget } from "../../src/balancing/retry-budget.ts";
import type { Backend } from "../../src/binding/backend.ts";
import { aBackend, anEndpoint } from "../support/backends.ts";
import { measure } from "./measure.ts";

const COUNT = 2_000_000;
const NONE: readonly BalancedEndpoint[] = [];

function aSet(size: number, backend: Partial<Backend> = {}): EndpointSet {
  const endpoints = Array.from({ length: size }, (_, index) => anEndpoint(index + 1));
  const set = new EndpointSet(aBackend(endpoints, backend), {});
  for (const [index, endpoint] of [...set.endpoints()].entries()) endpoint.respond(0.5, 2.5 + (index % 7));
  return set;
}

function exchanges(set: EndpointSet) {
  return (count: number) => {
    let now = 1.5;
    for (let index = 0; index < count; index++) {
      now += 0.05;
      const endpoint = set.pick(now, 4, NONE, Math.random);
      endpoint?.start(now);
      endpoint?.respond(now, 2.25);
      endpoint?.end();
    }
  };
}

function picks(set: EndpointSet, tried: readonly BalancedEndpoint[] = NONE, client?: string) {
  return (count: number) => {
    let now = 1.5;
    for (let index = 0; index < count; index++) {
      now += 0.05;
      set.pick(now, 4, tried, Math.random, client);
    }
  };
}

measure("pick of 1", COUNT, picks(aSet(1)));
measure("pick of 2", COUNT, picks(aSet(2)));
measure("pick of 10", COUNT, picks(aSet(10)));
measure("pick of 1,000", COUNT, picks(aSet(1_000)));
measure("pick, start, respond and end of 10", COUNT, exchanges(aSet(10)));

const failing = aSet(10);
for (const endpoint of [...failing.endpoints()].slice(0, 3)) endpoint.fail(0.5);
measure("pick of 10, 3 with a penalty", COUNT, picks(failing));

const dead = aSet(10);
for (const endpoint of [...dead.endpoints()].slice(0, 1)) endpoint.connectFailed(1e9, 0);
measure("pick of 10, 1 ejected", COUNT, picks(dead));

const retried = aSet(10);
measure("pick of 10, 1 tried", COUNT, picks(retried, [...retried.endpoints()].slice(0, 1)));

const sticky = aSet(10, { sessionAffinity: { kind: "ClientIP", timeoutSeconds: 10_800 } });
measure("pick of 10, sticky", COUNT, picks(sticky, NONE, "10.1.0.1"));

const budget = new RetryBudget();
measure("retry budget, request", COUNT, (count) => {
  for (let index = 0; index < count; index++) budget.onRequest(index * 0.05);
});
