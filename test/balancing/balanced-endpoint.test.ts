import assert from "node:assert/strict";
import * as fc from "fast-check";
import {
  BalancedEndpoint,
  DEFAULT_LATENCY_MS,
  isEndpointFailure,
  MAX_PENALTY,
  preferredOf,
  SIMILAR_LATENCY_RATIO,
} from "../../src/balancing/balanced-endpoint.ts";
import { anEndpoint } from "../support/backends.ts";

function anEndpointWith(state: { latencyMs?: number; pending?: number; failures?: number }, now = 0) {
  const endpoint = new BalancedEndpoint(anEndpoint(1));
  for (let index = 0; index < (state.pending ?? 0); index++) endpoint.start(now);
  if (state.latencyMs !== undefined) endpoint.respond(now, state.latencyMs);
  for (let index = 0; index < (state.failures ?? 0); index++) endpoint.fail(now);
  return endpoint;
}

const close = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-9, `${actual} is not ${expected}`);

describe("BalancedEndpoint", () => {
  const names = [
    { endpoint: anEndpoint(1), expect: "10.0.0.1:8080" },
    { endpoint: anEndpoint(1, { family: 6, port: 80 }), expect: "[fd00::1]:80" },
  ];
  for (const c of names) {
    it(`is named ${c.expect}`, () => assert.equal(new BalancedEndpoint(c.endpoint).name, c.expect));
  }

  describe("latency estimate", () => {
    it("is unknown before the first response, which then counts fully", () => {
      const endpoint = new BalancedEndpoint(anEndpoint(1));
      assert.equal(endpoint.latencyMs(0), undefined);
      endpoint.respond(500, 12.5);
      assert.equal(endpoint.latencyMs(500), 12.5);
    });

    it("takes a peak at once", () => {
      const endpoint = anEndpointWith({ latencyMs: 10 });
      endpoint.respond(1, 800);
      assert.equal(endpoint.latencyMs(1), 800);
    });

    it("takes an improvement by and by", () => {
      const endpoint = anEndpointWith({ latencyMs: 100 });
      endpoint.respond(10_000, 10);
      close(endpoint.latencyMs(10_000), 100 / Math.E + 10 * (1 - 1 / Math.E));
    });

    it("fades to the floor without traffic", () => {
      const endpoint = anEndpointWith({ latencyMs: 100 });
      close(endpoint.latencyMs(10_000), 100 / Math.E);
      assert.equal(endpoint.latencyMs(1_000_000), 1);
    });

    it("does not grow when the clock steps back", () => {
      const endpoint = anEndpointWith({ latencyMs: 100 }, 5_000);
      assert.equal(endpoint.latencyMs(1_000), 100);
      endpoint.respond(1_000, 50);
      assert.equal(endpoint.latencyMs(1_000), 100);
    });

    it("stays between the least and the greatest sample", () => {
      const sample = fc.record({
        after: fc.double({ min: 0, max: 5_000, noNaN: true }),
        latencyMs: fc.double({ min: 1, max: 10_000, noNaN: true }),
      });
      fc.assert(
        fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
          const endpoint = new BalancedEndpoint(anEndpoint(1));
          let now = 0;
          for (const { after, latencyMs } of samples) {
            now += after;
            endpoint.respond(now, latencyMs);
          }
          const all = samples.map((each) => each.latencyMs);
          const estimate = endpoint.latencyMs(now) ?? 0;
          assert.ok(estimate >= Math.min(...all) - 1e-9 && estimate <= Math.max(...all));
          assert.ok(estimate >= (all.at(-1) ?? 0) - 1e-9, "never below the last sample");
        }),
      );
    });
  });

  describe("ejection", () => {
    it("starts with the first failed connect and ends by itself", () => {
      const endpoint = new BalancedEndpoint(anEndpoint(1));
      endpoint.connectFailed(100, 0);
      assert.equal(endpoint.isEjected(100), true);
      assert.equal(endpoint.isEjected(1_099), true);
      assert.equal(endpoint.isEjected(1_100), false);
    });

    it("is shorter by up to half, as the random number says", () => {
      const endpoint = new BalancedEndpoint(anEndpoint(1));
      endpoint.connectFailed(0, 0.999_999);
      assert.equal(endpoint.isEjected(499), true);
      assert.equal(endpoint.isEjected(501), false);
    });

    it("doubles with each failed probe, up to 60 s", () => {
      const endpoint = new BalancedEndpoint(anEndpoint(1));
      const lengths: number[] = [];
      let now = 0;
      for (let round = 0; round < 9; round++) {
        endpoint.start(now);
        endpoint.connectFailed(now, 0);
        endpoint.end();
        let length = 0;
        while (endpoint.isEjected(now + length)) length += 500;
        lengths.push(length);
        now += length;
      }
      assert.deepEqual(lengths, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    });

    it("is not lengthened by connects that were under way", () => {
      const endpoint = new BalancedEndpoint(anEndpoint(1));
      for (let index = 0; index < 100; index++) endpoint.start(0);
      for (let index = 0; index < 100; index++) endpoint.connectFailed(index, 0);
      assert.equal(endpoint.isEjected(1_000), false);
    });

    it("lets one probe through a second when it is over", () => {
      const endpoint = new BalancedEndpoint(anEndpoint(1));
      endpoint.connectFailed(0, 0);
      endpoint.start(1_000);
      assert.equal(endpoint.isEjected(1_000), true);
      assert.equal(endpoint.isEjected(1_999), true);
      assert.equal(endpoint.isEjected(2_000), false);
    });

    it("ends when a connection is established", () => {
      const endpoint = new BalancedEndpoint(anEndpoint(1));
      endpoint.connectFailed(0, 0);
      endpoint.connected();
      assert.equal(endpoint.isEjected(0), false);
    });

    it("ends when a probe is answered, but not by the answer on an old connection", () => {
      const endpoint = new BalancedEndpoint(anEndpoint(1));
      endpoint.connectFailed(0, 0);
      endpoint.respond(10, 5);
      assert.equal(endpoint.isEjected(20), true);
      endpoint.start(1_000);
      endpoint.respond(1_010, 5);
      assert.equal(endpoint.isEjected(1_020), false);
    });

    it("is bounded whatever happens", () => {
      const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
      const event = fc.record({ after: fc.integer({ min: 0, max: 100_000 }), kind: fc.nat(3), random });
      fc.assert(
        fc.property(fc.array(event), (events) => {
          const endpoint = new BalancedEndpoint(anEndpoint(1));
          let now = 0;
          for (const { after, kind, random: r } of events) {
            now += after;
            if (kind === 0) endpoint.start(now);
            if (kind === 1) endpoint.connected();
            if (kind > 1) endpoint.connectFailed(now, r);
          }
          assert.equal(endpoint.isEjected(now + 60_000), false);
        }),
      );
    });
  });

  describe("penalty", () => {
    it("grows with failures in a row, fades and has a bound", () => {
      const endpoint = anEndpointWith({ failures: 2 });
      assert.equal(endpoint.penalty(0), 16);
      close(endpoint.penalty(10_000), 16 / Math.E);
      assert.equal(endpoint.penalty(100_000), 1);
      assert.equal(anEndpointWith({ failures: 50 }).penalty(0), MAX_PENALTY);
    });
  });
});

describe("preferredOf", () => {
  const cases = [
    { name: "equal: the first", a: { latencyMs: 5 }, b: { latencyMs: 5 }, expect: "a" },
    { name: "both unknown: the first", a: {}, b: {}, expect: "a" },
    { name: "both unknown: the less busy", a: { pending: 2 }, b: { pending: 1 }, expect: "b" },
    {
      name: "similar latency: the less busy",
      a: { latencyMs: 5, pending: 1 },
      b: { latencyMs: 7 },
      expect: "b",
    },
    {
      name: "similar latency, equally busy: the first",
      a: { latencyMs: 7 },
      b: { latencyMs: 5 },
      expect: "a",
    },
    { name: "below a millisecond is similar", a: { latencyMs: 0.9 }, b: { latencyMs: 0.01 }, expect: "a" },
    { name: "much faster", a: { latencyMs: 50 }, b: { latencyMs: 5 }, expect: "b" },
    { name: "much faster, first", a: { latencyMs: 5 }, b: { latencyMs: 50 }, expect: "a" },
    {
      name: "much faster, but busier by more",
      a: { latencyMs: 10, pending: 9 },
      b: { latencyMs: 40 },
      expect: "b",
    },
    { name: "unknown against fast: as fast", a: { pending: 1 }, b: { latencyMs: 2 }, expect: "b" },
    { name: "unknown against fast: the first", a: {}, b: { latencyMs: 2 }, expect: "a" },
    { name: "fast against unknown: the first", a: { latencyMs: 2 }, b: {}, expect: "a" },
    { name: "fast against unknown: the less busy", a: { latencyMs: 2, pending: 1 }, b: {}, expect: "b" },
    {
      name: "unknown against slow: assumed to take the default",
      a: { latencyMs: DEFAULT_LATENCY_MS * 10 },
      b: { pending: 5 },
      expect: "b",
    },
    { name: "fails fast", a: { latencyMs: 1, failures: 1 }, b: { latencyMs: 100 }, expect: "b" },
    { name: "fails without an answer", a: { failures: 1 }, b: { latencyMs: 100 }, expect: "b" },
    { name: "fails more", a: { latencyMs: 1, failures: 3 }, b: { latencyMs: 100, failures: 1 }, expect: "b" },
    {
      name: "both fail alike",
      a: { latencyMs: 2, failures: 2, pending: 1 },
      b: { latencyMs: 2, failures: 2 },
      expect: "b",
    },
  ];
  for (const c of cases) {
    it(c.name, () => {
      const [a, b] = [anEndpointWith(c.a), anEndpointWith(c.b)];
      assert.equal(preferredOf(a, b, 0) === a ? "a" : "b", c.expect);
    });
  }

  it("forgives with time", () => {
    const [a, b] = [anEndpointWith({ latencyMs: 2, failures: 1 }), anEndpointWith({ latencyMs: 2 })];
    assert.equal(preferredOf(a, b, 9_000), b);
    assert.equal(preferredOf(a, b, 10_000), a);
  });

  it("never takes one that costs more than the tolerance allows", () => {
    const state = fc.record({
      latencyMs: fc.double({ min: 0, max: 1_000, noNaN: true }),
      pending: fc.nat(40),
    });
    fc.assert(
      fc.property(state, state, (one, two) => {
        const [a, b] = [anEndpointWith(one), anEndpointWith(two)];
        const cost = (endpoint: BalancedEndpoint) => endpoint.latencyMsOr(0, 0) * (endpoint.pending + 1);
        const chosen = preferredOf(a, b, 0);
        const other = chosen === a ? b : a;
        assert.ok(cost(chosen) <= cost(other) * SIMILAR_LATENCY_RATIO + 1e-9);
      }),
    );
  });
});

describe("isEndpointFailure", () => {
  const failures = [429, 502, 503, 504];
  for (const status of [200, 204, 302, 400, 404, 428, 429, 430, 499, 500, 501, 502, 503, 504, 505]) {
    it(`${status}: ${failures.includes(status)}`, () => {
      assert.equal(isEndpointFailure(status), failures.includes(status));
    });
  }
});
