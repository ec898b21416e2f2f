import assert from "node:assert/strict";
import type { BalancedEndpoint } from "../../src/balancing/balanced-endpoint.ts";
import { EndpointSet } from "../../src/balancing/endpoint-set.ts";
import { DEFAULT_PROXY_LIMITS } from "../../src/proxy/limits.ts";
import { aBackend, anEndpoint } from "../support/backends.ts";
import { seededRandom } from "../support/random.ts";

/** What a simulated endpoint does with a request. */
type Behaviour = (now: number, random: () => number) => Outcome;
type Outcome =
  | { readonly kind: "answers"; readonly latencyMs: number }
  | { readonly kind: "fails"; readonly latencyMs: number }
  | { readonly kind: "refuses" };

interface Load {
  readonly behaviours: readonly Behaviour[];
  readonly seconds: number;
  readonly requestsPerSecond: number;
}

interface Report {
  /** Requests that each endpoint got, by place. */
  readonly shares: readonly number[];
  readonly refused: number;
  readonly maxTries: number;
}

/** Around the given latency: half to one and a half of it, and one in a hundred ten times slower. */
const answering =
  (latencyMs: number): Behaviour =>
  (_now, random) => ({
    kind: "answers",
    latencyMs: latencyMs * (0.5 + random()) * (random() < 0.01 ? 10 : 1),
  });
const failing: Behaviour = () => ({ kind: "fails", latencyMs: 0.2 });
const refusing: Behaviour = () => ({ kind: "refuses" });

function simulate(load: Load): Report {
  const random = seededRandom(load.seconds * load.requestsPerSecond);
  const set = new EndpointSet(aBackend(load.behaviours.map((_, index) => anEndpoint(index + 1))), {});
  const places = new Map([...set.endpoints()].map((endpoint, index) => [endpoint, index]));
  const shares = load.behaviours.map(() => 0);
  let ends: { at: number; finish: () => void }[] = [];
  let refused = 0;
  let maxTries = 0;
  for (let index = 0; index < load.seconds * load.requestsPerSecond; index++) {
    const now = (index * 1_000) / load.requestsPerSecond;
    for (const end of ends.filter((each) => each.at <= now).sort((a, b) => a.at - b.at)) end.finish();
    ends = ends.filter((each) => each.at > now);
    const tried: BalancedEndpoint[] = [];
    while (tried.length < DEFAULT_PROXY_LIMITS.resendEndpoints) {
      const endpoint = set.pick(now, 4, tried, random);
      assert.ok(endpoint);
      const place = places.get(endpoint) ?? -1;
      tried.push(endpoint);
      endpoint.start(now);
      const outcome = load.behaviours[place]?.(now, random) ?? { kind: "refuses" };
      shares[place] = (shares[place] ?? 0) + 1;
      if (outcome.kind === "refuses") {
        refused++;
        endpoint.connectFailed(now, random());
        endpoint.end();
        continue;
      }
      const at = now + outcome.latencyMs;
      const finish = () => {
        if (outcome.kind === "answers") endpoint.respond(at, outcome.latencyMs);
        else endpoint.fail(at);
        endpoint.end();
      };
      ends.push({ at, finish });
      break;
    }
    maxTries = Math.max(maxTries, tried.length);
  }
  return { shares, refused, maxTries };
}

describe("balancing, simulated", () => {
  const minutes = { seconds: 120 };

  // Few requests leave a slow answer in memory for longer: it fades with time, not with requests.
  const equal = [
    { requestsPerSecond: 5, tolerance: 0.5 },
    { requestsPerSecond: 100, tolerance: 0.25 },
    { requestsPerSecond: 2_000, tolerance: 0.1 },
  ];
  for (const { requestsPerSecond, tolerance } of equal) {
    it(`shares evenly among three equal endpoints at ${requestsPerSecond} a second`, () => {
      const load = { behaviours: [answering(3), answering(3), answering(3)], seconds: 60, requestsPerSecond };
      const { shares } = simulate(load);
      const even = (60 * requestsPerSecond) / 3;
      for (const share of shares) assert.ok(Math.abs(share - even) < even * tolerance, String(shares));
    });
  }

  for (const requestsPerSecond of [100, 1_000]) {
    it(`gives a ten times slower one of two little at ${requestsPerSecond} a second`, () => {
      const behaviours = [answering(20), answering(200)];
      const { shares } = simulate({ behaviours, ...minutes, requestsPerSecond });
      assert.ok((shares[1] ?? 0) < (shares[0] ?? 0) / 8, String(shares));
      assert.ok((shares[1] ?? 0) > 10, "but still looks after it");
    });
  }

  it("loses one attempt a time to a dead one, seldom", () => {
    const behaviours = [answering(5), answering(5), refusing];
    const { refused, maxTries } = simulate({ behaviours, ...minutes, requestsPerSecond: 500 });
    assert.equal(maxTries, 2);
    assert.ok(refused <= 9, `${refused} attempts in two minutes`);
  });

  it("serves all requests with one alive of four", () => {
    const behaviours = [refusing, refusing, answering(5), refusing];
    const { shares } = simulate({ behaviours, ...minutes, requestsPerSecond: 100 });
    assert.equal(shares[2], 12_000);
  });

  it("gives one that fails fast little, however slow the others are", () => {
    const behaviours = [answering(200), failing];
    const { shares } = simulate({ behaviours, ...minutes, requestsPerSecond: 100 });
    assert.ok((shares[1] ?? 0) < 120, String(shares));
  });

  it("gives one that comes back its share again within seconds", () => {
    const back: Behaviour = (now, random) => (now < 20_000 ? { kind: "refuses" } : answering(5)(now, random));
    let served = 0;
    const counting: Behaviour = (now, random) => {
      const outcome = back(now, random);
      if (outcome.kind === "answers") served++;
      return outcome;
    };
    simulate({ behaviours: [answering(5), counting], seconds: 60, requestsPerSecond: 100 });
    assert.ok(served > 500, String(served));
  });
});
