import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { BalancedEndpoint } from "../../src/balancing/balanced-endpoint.ts";
import { EndpointSet, endpointState } from "../../src/balancing/endpoint-set.ts";
import type { Backend } from "../../src/binding/backend.ts";
import { aBackend, anEndpoint } from "../support/backends.ts";
import { seededRandom } from "../support/random.ts";

const draining = { isReady: false, isTerminating: true };
const unready = { isReady: false, isServing: false };
const sticky = { sessionAffinity: { kind: "ClientIP", timeoutSeconds: 10 } } as const;

function aSet(numbers: readonly number[], backend: Partial<Backend> = {}): EndpointSet {
  return new EndpointSet(
    aBackend(
      numbers.map((number) => anEndpoint(number)),
      backend,
    ),
    {},
  );
}

function endpointOf(set: EndpointSet, number: number): BalancedEndpoint {
  const found = [...set.endpoints()].find(
    (endpoint) => endpoint.description.address.split(/[.:]/).at(-1) === String(number),
  );
  assert.ok(found);
  return found;
}

const names = (endpoints: readonly BalancedEndpoint[]) => endpoints.map((endpoint) => endpoint.name);
const candidatesOf = (set: EndpointSet) => [...set.endpoints()].filter(({ isCandidate }) => isCandidate);

/** How often each endpoint was chosen, by its last number. */
function shares(set: EndpointSet, picks: number, now = 0, tried: readonly BalancedEndpoint[] = []) {
  const random = seededRandom(7);
  const counts: Record<string, number> = {};
  for (let index = 0; index < picks; index++) {
    const chosen = set.pick(now, 4, tried, random);
    const key = chosen?.description.address.split(/[.:]/).at(-1) ?? "none";
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

describe("EndpointSet.pick", () => {
  it("has nothing to choose from", () => {
    assert.equal(aSet([]).pick(0, 4, [], Math.random), undefined);
    assert.equal(aSet([], sticky).pick(0, 4, [], Math.random, "10.1.1.1"), undefined);
  });

  it("chooses the only one, even if it was tried and is ejected", () => {
    const set = aSet([1]);
    const only = endpointOf(set, 1);
    only.connectFailed(0, 0);
    assert.equal(set.pick(0, 4, [only], Math.random), only);
  });

  it("gives equal endpoints equal shares, one request after the other", () => {
    const counts = Object.values(shares(aSet([1, 2, 3]), 9_000));
    assert.equal(counts.length, 3);
    for (const count of counts) assert.ok(Math.abs(count - 3_000) < 200, String(counts));
  });

  it("never draws one endpoint against itself", () => {
    const set = aSet([1, 2, 3, 4]);
    endpointOf(set, 2).start(0);
    assert.equal(shares(set, 5_000)["2"], undefined, "the busier one loses every draw");
  });

  it("prefers the family that was dialled, as a whole", () => {
    const set = new EndpointSet(aBackend([anEndpoint(1), anEndpoint(2, { family: 6 })]), {});
    assert.equal(set.pick(0, 4, [], Math.random)?.name, "10.0.0.1:8080");
    assert.equal(set.pick(0, 6, [], Math.random)?.name, "[fd00::2]:8080");
    assert.equal(aSet([1]).pick(0, 6, [], Math.random)?.name, "10.0.0.1:8080");
    const only6 = new EndpointSet(aBackend([anEndpoint(2, { family: 6 })]), {});
    assert.equal(only6.pick(0, 4, [], Math.random)?.name, "[fd00::2]:8080");
  });

  const avoidances = [
    { name: "a tried one", tried: [1], ejected: [], expect: ["2", "3"] },
    { name: "two tried ones", tried: [1, 2], ejected: [], expect: ["3"] },
    { name: "nothing when all were tried", tried: [1, 2, 3], ejected: [], expect: ["1", "2", "3"] },
    { name: "an ejected one", tried: [], ejected: [1], expect: ["2", "3"] },
    { name: "two ejected ones", tried: [], ejected: [1, 3], expect: ["2"] },
    { name: "nothing when all are ejected", tried: [], ejected: [1, 2, 3], expect: ["1", "2", "3"] },
    { name: "tried before ejected ones", tried: [1, 2], ejected: [3], expect: ["3"] },
    { name: "the tried of all ejected ones", tried: [2], ejected: [1, 2, 3], expect: ["1", "3"] },
    { name: "the ejected of all tried ones", tried: [1, 2, 3], ejected: [2], expect: ["1", "3"] },
  ];
  for (const c of avoidances) {
    it(`avoids ${c.name}`, () => {
      const set = aSet([1, 2, 3]);
      for (const number of c.ejected) endpointOf(set, number).connectFailed(0, 0);
      const tried = c.tried.map((number) => endpointOf(set, number));
      const counts = shares(set, 3_000, 10, tried);
      assert.deepEqual(Object.keys(counts).sort(), c.expect);
      for (const count of Object.values(counts)) {
        assert.ok(Math.abs(count - 3_000 / c.expect.length) < 150, JSON.stringify(counts));
      }
    });
  }

  it("only ever chooses candidates", () => {
    const endpoint = fc.record({
      number: fc.integer({ min: 1, max: 20 }),
      family: fc.constantFrom(4 as const, 6 as const),
      isReady: fc.boolean(),
      isServing: fc.boolean(),
      isTerminating: fc.boolean(),
      isEjected: fc.boolean(),
      isTried: fc.boolean(),
    });
    const endpoints = fc.uniqueArray(endpoint, { selector: (each) => `${each.number}/${each.family}` });
    const family = fc.constantFrom(4 as const, 6 as const);
    fc.assert(
      fc.property(endpoints, family, fc.integer(), fc.boolean(), (list, wanted, seed, isSticky) => {
        const described = list.map((each) => {
          const { isReady, isServing, isTerminating } = each;
          return anEndpoint(each.number, { family: each.family, isReady, isServing, isTerminating });
        });
        const set = new EndpointSet(aBackend(described, isSticky ? sticky : {}), {});
        const handles = [...set.endpoints()];
        for (const handle of handles.filter((_, index) => list[index]?.isEjected)) handle.connectFailed(0, 0);
        const tried = handles.filter((_, index) => list[index]?.isTried);
        const chosen = set.pick(1, wanted, tried, seededRandom(seed), "10.1.1.1");
        const candidates = set.candidates(wanted);
        const allowed: readonly unknown[] = candidates.kind === "some" ? candidates.endpoints : [undefined];
        assert.ok(allowed.includes(chosen?.description));
      }),
    );
  });
});

describe("EndpointSet.candidates", () => {
  const cases = [
    { name: "the family's own", endpoints: [anEndpoint(1), anEndpoint(2, { family: 6 })], expect: "some" },
    { name: "those of the other family", endpoints: [anEndpoint(2, { family: 6 })], expect: "some" },
    { name: "nothing at all", endpoints: [], expect: "no-endpoints" },
    { name: "the reason of the family", endpoints: [anEndpoint(1, unready)], expect: "none-ready" },
    {
      name: "the reason of the other family",
      endpoints: [anEndpoint(1, { family: 6, ...unready })],
      expect: "none-ready",
    },
  ];
  for (const c of cases) {
    it(c.name, () => {
      const candidates = new EndpointSet(aBackend(c.endpoints), {}).candidates(4);
      assert.equal(candidates.kind === "some" ? "some" : candidates.reason, c.expect);
    });
  }

  it("follows the locality", () => {
    const backend = aBackend([anEndpoint(1, { zone: "a" }), anEndpoint(2, { zone: "b" })], {
      trafficDistribution: "PreferSameZone",
    });
    const set = new EndpointSet(backend, {});
    assert.deepEqual(Object.keys(shares(set, 100)), ["1", "2"]);
    const changes = set.update(backend, { zone: "b" });
    assert.deepEqual(Object.keys(shares(set, 100)), ["2"]);
    assert.deepEqual(names(changes.retired), ["10.0.0.1:8080"]);
  });
});

describe("EndpointSet.update", () => {
  it("keeps what was learned of an address and port", () => {
    const set = aSet([1, 2]);
    const first = endpointOf(set, 1);
    first.start(0);
    first.respond(0, 70);
    set.update(aBackend([anEndpoint(1, { zone: "a" }), anEndpoint(3)]), {});
    assert.equal(endpointOf(set, 1), first);
    assert.equal(first.pending, 1);
    assert.equal(first.latencyMs(0), 70);
    assert.equal(first.description.zone, "a");
  });

  it("tells another port of the same address apart", () => {
    const set = aSet([1]);
    const changes = set.update(aBackend([anEndpoint(1, { port: 9090 })]), {});
    assert.deepEqual(names(changes.vanished), ["10.0.0.1:8080"]);
    assert.deepEqual(names(candidatesOf(set)), ["10.0.0.1:9090"]);
  });

  it("tells what vanished and what retired", () => {
    const set = aSet([1, 2, 3]);
    const changes = set.update(aBackend([anEndpoint(1), anEndpoint(2, draining), anEndpoint(4)]), {});
    assert.deepEqual(names(changes.vanished), ["10.0.0.3:8080"]);
    assert.deepEqual(names(changes.retired), ["10.0.0.2:8080"]);
    assert.deepEqual(names(candidatesOf(set)), ["10.0.0.1:8080", "10.0.0.4:8080"]);
  });

  it("makes a standby a candidate", () => {
    const set = new EndpointSet(aBackend([anEndpoint(1), anEndpoint(2, draining)]), {});
    const changes = set.update(aBackend([anEndpoint(1, unready), anEndpoint(2, draining)]), {});
    assert.deepEqual(names(candidatesOf(set)), ["10.0.0.2:8080"]);
    assert.deepEqual(names(changes.retired), ["10.0.0.1:8080"]);
    assert.deepEqual(names(changes.vanished), []);
  });

  it("tells nothing when nothing changed", () => {
    const set = aSet([1, 2]);
    const changes = set.update(aBackend([anEndpoint(2), anEndpoint(1)]), {});
    assert.deepEqual(changes, { vanished: [], retired: [] });
  });

  it("forgets an endpoint that was away", () => {
    const set = aSet([1, 2]);
    const first = endpointOf(set, 1);
    set.update(aBackend([anEndpoint(2)]), {});
    set.update(aBackend([anEndpoint(1), anEndpoint(2)]), {});
    assert.notEqual(endpointOf(set, 1), first);
    first.end();
    assert.equal(endpointOf(set, 1).pending, 0);
  });
});

describe("session affinity", () => {
  const many = Array.from({ length: 20 }, (_, index) => index + 1);
  const clients = Array.from({ length: 2_000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
  const pickFor = (set: EndpointSet, client: string, now = 0, tried: readonly BalancedEndpoint[] = []) =>
    set.pick(now, 4, tried, Math.random, client);

  it("keeps a client on its endpoint, however busy that is", () => {
    const set = aSet(many, sticky);
    const first = pickFor(set, "10.1.0.1");
    for (let index = 0; index < 50; index++) {
      first?.start(0);
      first?.fail(0);
      assert.equal(pickFor(set, "10.1.0.1", 9_999 * index), first);
    }
  });

  it("spreads the clients", () => {
    const set = aSet([1, 2, 3, 4], sticky);
    const counts = new Map<string | undefined, number>();
    for (const client of clients) {
      const name = pickFor(set, client)?.name;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    assert.equal(counts.size, 4);
    for (const count of counts.values()) assert.ok(Math.abs(count - 500) < 100, String(count));
  });

  it("moves only the clients of an endpoint that went away", () => {
    const set = aSet(many, sticky);
    const before = new Map(clients.map((client) => [client, pickFor(set, client)]));
    const gone = endpointOf(set, 7);
    set.update(
      aBackend(
        many.filter((number) => number !== 7).map((number) => anEndpoint(number)),
        sticky,
      ),
      {},
    );
    const moved = clients.filter((client) => pickFor(set, client, 100) !== before.get(client));
    assert.deepEqual(
      moved,
      clients.filter((client) => before.get(client) === gone),
    );
    assert.ok(moved.length > 50);
  });

  it("moves nobody within the timeout when one comes, and few after it", () => {
    const set = aSet(many, sticky);
    const before = new Map(clients.map((client) => [client, pickFor(set, client)]));
    set.update(
      aBackend(
        [...many, 21].map((number) => anEndpoint(number)),
        sticky,
      ),
      {},
    );
    const movedAt = (now: number) =>
      clients.filter((client) => pickFor(set, client, now) !== before.get(client));
    assert.deepEqual(movedAt(9_999), []);
    const moved = movedAt(30_000);
    assert.ok(moved.length > 0 && moved.length < (2_000 / 21) * 1.5, String(moved.length));
    assert.ok(moved.every((client) => pickFor(set, client, 30_000) === endpointOf(set, 21)));
  });

  it("moves on from an endpoint that was tried or is ejected, and stays there", () => {
    const set = aSet([1, 2, 3], sticky);
    const first = pickFor(set, "10.1.0.1");
    assert.ok(first);
    const second = pickFor(set, "10.1.0.1", 0, [first]);
    assert.notEqual(second, first);
    assert.equal(pickFor(set, "10.1.0.1"), second);
    second?.connectFailed(0, 0);
    const third = pickFor(set, "10.1.0.1");
    assert.notEqual(third, second);
    assert.equal(pickFor(set, "10.1.0.1", 2_000), third);
  });

  it("stays where it is when all are ejected", () => {
    const set = aSet(many, sticky);
    const last = endpointOf(set, 20);
    const others = [...set.endpoints()].filter((endpoint) => endpoint !== last);
    assert.equal(pickFor(set, "10.1.0.1", 0, others), last);
    for (const endpoint of set.endpoints()) endpoint.connectFailed(0, 0);
    assert.equal(pickFor(set, "10.1.0.1", 10), last);
  });

  it("does not reach into the other family while its own has candidates", () => {
    const six = anEndpoint(9, { family: 6 });
    const set = new EndpointSet(aBackend([six], sticky), {});
    assert.equal(pickFor(set, "10.1.0.1")?.name, "[fd00::9]:8080");
    set.update(aBackend([anEndpoint(1), six], sticky), {});
    assert.equal(pickFor(set, "10.1.0.1")?.name, "10.0.0.1:8080");
  });

  it("takes a new timeout, and ends with the setting", () => {
    const set = aSet(many, sticky);
    const backend = aBackend(
      many.map((number) => anEndpoint(number)),
      {
        sessionAffinity: { kind: "ClientIP", timeoutSeconds: 100 },
      },
    );
    const first = pickFor(set, "10.1.0.1");
    set.update(backend, {});
    set.update(
      aBackend(
        [...many, 21, 22, 23].map((number) => anEndpoint(number)),
        backend,
      ),
      {},
    );
    assert.equal(pickFor(set, "10.1.0.1", 99_999), first);
    set.update(aBackend(many.map((number) => anEndpoint(number))), {});
    const chosen = new Set(Array.from({ length: 100 }, () => pickFor(set, "10.1.0.1")));
    assert.ok(chosen.size > 10);
  });
});

describe("endpointState", () => {
  const cases = [
    { name: "available", endpoint: anEndpoint(1), isEjected: false },
    { name: "ejected", endpoint: anEndpoint(1), isEjected: true },
    { name: "standby", endpoint: anEndpoint(1, draining), isEjected: true },
    { name: "standby", endpoint: anEndpoint(1, { zone: "b" }), isEjected: false },
    { name: "unready", endpoint: anEndpoint(1, unready), isEjected: false },
  ];
  for (const c of cases) {
    it(c.name, () => {
      const backend = aBackend([c.endpoint, anEndpoint(2, { zone: "a" })], {
        trafficDistribution: "PreferSameZone",
      });
      const set = new EndpointSet(backend, { zone: "a" });
      const endpoint = endpointOf(set, 1);
      if (c.isEjected) endpoint.connectFailed(0, 0);
      assert.equal(endpointState(endpoint, 1), c.name);
    });
  }
});
