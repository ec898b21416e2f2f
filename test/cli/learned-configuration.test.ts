import assert from "node:assert/strict";
import { LearnedConfiguration } from "../../src/cli/learned-configuration.ts";
import { TurnScheduler } from "../../src/cli/turn-scheduler.ts";
import type { ConfigurationInForce } from "../../src/proxy/configuration-in-force.ts";
import { backendsOf, frontendOf, type Harness, startHarness } from "../support/proxy-harness.ts";

const NAME = "10.96.0.1:80";

describe("what a sidecar learned", () => {
  let harness: Harness;
  let configuration: ConfigurationInForce;
  let nowMs: number;
  let learned: LearnedConfiguration;
  const inForce: string[] = [];

  beforeEach(async () => {
    nowMs = 0;
    inForce.length = 0;
    harness = await startHarness({ backends: {} });
    configuration = harness.proxy.configuration;
    configuration.removeFrontend(NAME);
    const turns = new TurnScheduler(() => nowMs++);
    learned = new LearnedConfiguration({ configuration, turns, place: { node: "n1", zone: undefined } });
  });
  afterEach(() => harness[Symbol.asyncDispose]());

  const put = (version: string, count = 0): void => {
    const rules = Array.from({ length: count }, (_, n) => ({
      matches: [{ path: { kind: "PathPrefix", value: `/${n}` } as const, headers: [], queryParams: [] }],
    }));
    learned.putFrontend(frontendOf(count === 0 ? {} : { rules }), version, () => inForce.push(version));
  };

  const turn = () => new Promise((resolve) => setImmediate(resolve));

  it("is in force at once where it is small", () => {
    put("1");
    assert.deepEqual(inForce, ["1"]);
    assert.equal(configuration.frontends()[0]?.version, "1");
    learned.removeFrontend(NAME);
    assert.deepEqual(configuration.frontends(), []);
  });

  it("is told of once it is compiled, and not if it was overtaken", async () => {
    put("1", 500);
    assert.deepEqual(inForce, []);
    put("2");
    while (inForce.length === 0) await turn();
    for (let n = 0; n < 5; n++) await turn();
    assert.deepEqual(inForce, ["2"]);
    assert.equal(configuration.frontends()[0]?.version, "2");
  });

  it("has Backends come and go", () => {
    const [backend] = backendsOf({ backends: { "app/web:80": [1] } });
    assert.ok(backend);
    learned.putBackend(backend);
    assert.equal(configuration.backend(backend.name)?.backend, backend);
    learned.removeBackend(backend.name);
    assert.equal(configuration.backend(backend.name), undefined);
  });

  it("says where the client is, and the flags say what it does not", () => {
    assert.deepEqual(configuration.locality, { node: "n1" });
    learned.putSelf({ node: "n2", zone: "z" });
    assert.deepEqual(configuration.locality, { node: "n2", zone: "z" });
    learned.putSelf({ zone: "z" });
    assert.deepEqual(configuration.locality, { node: "n1", zone: "z" });
  });
});
