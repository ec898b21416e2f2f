import assert from "node:assert/strict";
import type { Backend, Endpoint } from "../../../src/binding/backend.ts";
import { endpointAt } from "../../support/proxy-harness.ts";
import { answerOf, type Respond, Routed, requestText, saying } from "../../support/routed.ts";

const GET = requestText("GET", "/");

function slowly(delayMs: number): Respond {
  return (_seen, response) => {
    setTimeout(() => response.end("slow"), delayMs);
  };
}

/** The same proxy with other facts about its backend's endpoints, in the order of their start. */
function describeEndpoints(
  routed: Routed,
  endpoints: readonly Partial<Endpoint>[],
  fields: Partial<Backend> = {},
  address = "10.96.0.1",
): void {
  const ports = routed.ports();
  routed.harness.configure({
    backends: { "app/web:80": [] },
    frontend: { address },
    backendFields: {
      ...fields,
      endpoints: endpoints.map((of, index) => ({ ...endpointAt(ports[index] ?? 1), ...of })),
    },
  });
}

describe("balancing in the proxy", () => {
  it("gives a slow endpoint less", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [slowly(150), saying("a"), saying("b")] },
    });
    const client = routed.client();
    for (let n = 0; n < 150; n++) await answerOf(client, GET);
    const [slow = 0] = routed.counts();
    assert.ok(slow < 45, `${slow} of 150 went to the slow one`);
  });

  it("gives an endpoint that fails less", async () => {
    const failing: Respond = (_seen, response) => {
      response.statusCode = 503;
      response.end();
    };
    await using routed = await Routed.start({
      backends: { "app/web:80": [failing, saying("a"), saying("b")] },
    });
    const client = routed.client();
    for (let n = 0; n < 150; n++) await answerOf(client, GET);
    const [bad = 0] = routed.counts();
    assert.ok(bad < 45, `${bad} of 150 went to the one that fails`);
  });

  it("sends requests to each of equal endpoints", async () => {
    await using routed = await Routed.start({ backends: { "app/web:80": [saying("a"), saying("b")] } });
    const client = routed.client();
    for (let n = 0; n < 200; n++) await answerOf(client, GET);
    // How many is a matter of time: one that was once slow, if only because this machine was busy, gets less for a while.
    for (const count of routed.counts()) assert.ok(count > 0, String(routed.counts()));
  });

  it("keeps a client on one endpoint with sessionAffinity ClientIP, by the address that it comes from", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [saying("a"), saying("b"), saying("c")] },
      backendFields: { sessionAffinity: { kind: "ClientIP", timeoutSeconds: 60 } },
    });
    for (let n = 0; n < 20; n++) await routed.get("/");
    assert.deepEqual(
      routed.counts().toSorted((a, b) => a - b),
      [0, 0, 20],
    );
  });

  it("leaves an endpoint that refuses even then", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": ["refuses", "refuses", saying("c")] },
      backendFields: { sessionAffinity: { kind: "ClientIP", timeoutSeconds: 60 } },
    });
    for (let n = 0; n < 5; n++) assert.equal((await routed.get("/")).body, "c");
  });
});

describe("endpoints that take no traffic", () => {
  const none: readonly {
    readonly name: string;
    readonly endpoints: readonly Partial<Endpoint>[];
    readonly fields?: Partial<Backend>;
    readonly details: string;
  }[] = [
    { name: "none", endpoints: [], details: "has no endpoints" },
    {
      name: "none ready",
      endpoints: [{ isReady: false, isServing: false }],
      details: "has no endpoint that is ready",
    },
    {
      name: "none ready, one of them leaving and not serving",
      endpoints: [{ isReady: false, isServing: false, isTerminating: true }],
      details: "has no endpoint that is ready",
    },
    {
      name: "internalTrafficPolicy Local, and the node is not known",
      endpoints: [{ node: "one" }],
      fields: { internalTrafficPolicy: "Local" },
      details: "has internalTrafficPolicy Local, and the node of this proxy is not known",
    },
  ];
  for (const c of none) {
    it(`${c.name}: 503 with the reason`, async () => {
      await using routed = await Routed.start({});
      describeEndpoints(routed, c.endpoints, c.fields);
      const answer = await routed.get("/");
      assert.deepEqual([answer.status, answer.body], [503, `app/web:80 ${c.details}\n`]);
      assert.equal(routed.harness.telemetry.count("failures", "no_endpoint"), 1);
      assert.equal(routed.seen().length, 0);
    });
  }

  it("those that serve while they leave take it when none is ready", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": [saying("leaving"), saying("unready")] },
    });
    describeEndpoints(routed, [
      { isReady: false, isServing: true, isTerminating: true },
      { isReady: false, isServing: false },
    ]);
    for (let n = 0; n < 5; n++) assert.equal((await routed.get("/")).body, "leaving");
  });
});

describe("address families", () => {
  const v6: Partial<Endpoint> = { address: "::1", port: 1, family: 6 };

  it("prefer that of the address dialled: IPv4", async () => {
    await using routed = await Routed.start({});
    describeEndpoints(routed, [{}, v6]);
    for (let n = 0; n < 10; n++) assert.equal((await routed.get("/")).body, "web");
    assert.equal(routed.harness.telemetry.count("connectFailures"), 0);
  });

  it("prefer that of the address dialled: IPv6, as a whole", async () => {
    await using routed = await Routed.start({ frontend: { address: "fd00::1" } });
    describeEndpoints(routed, [{}, v6], {}, "fd00::1");
    assert.equal((await routed.get("/")).status, 503);
    assert.equal(routed.harness.log[0]?.endpoint, "[::1]:1");
  });

  it("fall back to the other where there is none", async () => {
    await using routed = await Routed.start({ frontend: { address: "fd00::1" } });
    describeEndpoints(routed, [{}], {}, "fd00::1");
    assert.equal((await routed.get("/")).body, "web");
  });
});
