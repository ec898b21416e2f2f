import assert from "node:assert/strict";
import type { BackendTarget, BoundBackendRef, BoundFilter } from "../../../src/binding/frontend.ts";
import { Routed, requestText, saying, valuesOf } from "../../support/routed.ts";

function reference(name: string, weight: number): BoundBackendRef {
  return { target: { kind: "Backend", name: `app/${name}:80` }, weight, filters: [] };
}

function invalid(weight: number): BoundBackendRef {
  const target: BackendTarget = {
    kind: "Invalid",
    reason: "BackendNotFound",
    message: "Service app/x does not exist",
  };
  return { target, weight, filters: [] };
}

const UNRESOLVED: BoundFilter = { kind: "Unresolved", message: "no filter is known by Foo" };

/** How often each status and body was answered, of so many requests one after the other. */
async function sampled(routed: Routed, count: number): Promise<Readonly<Record<string, number>>> {
  const shares: Record<string, number> = {};
  const client = routed.client();
  client.send(requestText("GET", "/").repeat(count));
  const text = await client.until((received) => (received.match(/HTTP\/1\.1 \d/g) ?? []).length === count);
  for (const [, status = ""] of text.matchAll(/HTTP\/1\.1 (\d+)/g))
    shares[status] = (shares[status] ?? 0) + 1;
  return shares;
}

function assertShare(count: number | undefined, of: number, share: number): void {
  // Five standard deviations, so that it fails once in a million runs.
  const tolerance = 5 * Math.sqrt((share * (1 - share)) / of);
  assert.ok(Math.abs((count ?? 0) / of - share) <= tolerance, `${count} of ${of} are not ${share}`);
}

describe("weights on the wire", () => {
  it("split requests 70 : 30 : 0", async () => {
    await using routed = await Routed.start({
      backends: { "app/a:80": [saying("a")], "app/b:80": [saying("b")], "app/c:80": [saying("c")] },
      rules: [{ backends: [reference("a", 70), reference("b", 30), reference("c", 0)] }],
    });
    assert.deepEqual(await sampled(routed, 500), { 200: 500 });
    assertShare(routed.seen("app/a:80").length, 500, 0.7);
    assertShare(routed.seen("app/b:80").length, 500, 0.3);
    assert.equal(routed.seen("app/c:80").length, 0);
  });

  it("keep the share of an invalid backend, which is answered 500", async () => {
    await using routed = await Routed.start({
      backends: { "app/a:80": [saying("a")] },
      rules: [{ backends: [reference("a", 3), invalid(1)] }],
    });
    const shares = await sampled(routed, 400);
    assertShare(shares["500"], 400, 0.25);
    assert.equal((shares["200"] ?? 0) + (shares["500"] ?? 0), 400);
    assert.equal(routed.harness.telemetry.count("failures", "backend_invalid"), shares["500"]);
  });

  it("keep the share of a backend without endpoints, which is answered 503", async () => {
    await using routed = await Routed.start({
      backends: { "app/a:80": [saying("a")], "app/b:80": [] },
      rules: [{ backends: [reference("a", 1), reference("b", 1)] }],
    });
    assertShare((await sampled(routed, 400))["503"], 400, 0.5);
  });
});

describe("rules that answer 500", () => {
  const cases = [
    { name: "all weights zero", rule: { backends: [reference("web", 0), reference("web", 0)] } },
    { name: "no backendRefs", rule: { backends: [] } },
    { name: "only invalid backends", rule: { backends: [invalid(1), invalid(1)] } },
    { name: "an unresolved filter", rule: { filters: [UNRESOLVED] } },
    {
      name: "an unresolved filter, whatever the others are",
      rule: {
        filters: [
          { kind: "RequestRedirect", redirect: { statusCode: 302 } },
          {
            kind: "CORS",
            cors: {
              allowOrigins: ["*"],
              allowMethods: [],
              allowHeaders: [],
              exposeHeaders: [],
              allowCredentials: false,
              maxAgeSeconds: 5,
            },
          },
          UNRESOLVED,
        ] as readonly BoundFilter[],
        backends: [],
      },
    },
    {
      name: "an unresolved filter of the backendRef",
      rule: { backends: [{ ...reference("web", 1), filters: [UNRESOLVED] }] },
    },
  ];
  for (const c of cases) {
    it(c.name, async () => {
      await using routed = await Routed.start({ rules: [c.rule] });
      for (const request of [
        requestText("GET", "/"),
        requestText("POST", "/", [], "body"),
        requestText("OPTIONS", "/", ["Origin: https://a.example", "Access-Control-Request-Method: GET"]),
      ]) {
        const answer = await routed.send(request);
        assert.equal(answer.status, 500);
        assert.match(
          valuesOf(answer, "proxy-status")[0] ?? "",
          /^eastbound; error=destination_unavailable; details="/,
        );
        assert.deepEqual(valuesOf(answer, "connection"), []);
      }
      assert.equal(routed.seen().length, 0);
    });
  }

  it("take HTTP/1.1 requests to a backend of HTTP/2 only", async () => {
    await using routed = await Routed.start({ rules: [{}], backendFields: { protocol: "http2" } });
    assert.equal((await routed.get("/")).status, 500);
  });

  for (const protocol of ["tls", "other", "undeclared", "http", "websocket"] as const) {
    it(`do not take those to a port that is named like ${protocol}, which gets HTTP/1.1`, async () => {
      await using routed = await Routed.start({ rules: [{}], backendFields: { protocol } });
      assert.equal((await routed.get("/")).body, "web");
    });
  }
});

describe("requests that no rule matches", () => {
  const rules = [
    { matches: [{ path: { kind: "Exact", value: "/a" }, headers: [], queryParams: [] }] },
    {
      matches: [
        {
          path: { kind: "PathPrefix", value: "/b" },
          headers: [{ kind: "Exact", name: "version", value: "two" }],
          queryParams: [],
        },
      ],
    },
  ] as const;
  const cases = [
    { name: "the path", text: requestText("GET", "/"), status: 404 },
    { name: "an Exact path with more behind it", text: requestText("GET", "/a/"), status: 404 },
    { name: "a header", text: requestText("GET", "/b", ["version: one"]), status: 404 },
    { name: "a missing header", text: requestText("GET", "/b"), status: 404 },
    { name: "nothing", text: requestText("GET", "/b/c?d", ["Version: two"]), status: 200 },
  ];
  for (const c of cases) {
    it(`because of ${c.name}: ${c.status}`, async () => {
      await using routed = await Routed.start({ rules });
      assert.equal((await routed.send(c.text)).status, c.status);
    });
  }

  it("are answered 404 with the reason, on a connection that goes on", async () => {
    await using routed = await Routed.start({ rules });
    const answer = await routed.get("/");
    assert.deepEqual(valuesOf(answer, "proxy-status"), [
      'eastbound; error=destination_not_found; details="no rule of the routes for 10.96.0.1:80 matches the request"',
    ]);
    assert.deepEqual(valuesOf(answer, "connection"), []);
    assert.equal(routed.harness.telemetry.count("failures", "no_route"), 1);
  });

  it("do not exist where no route is bound", async () => {
    await using routed = await Routed.start({});
    assert.equal((await routed.get("/anything")).body, "web");
    assert.equal((await routed.send("OPTIONS * HTTP/1.1\r\nHost: web\r\n\r\n")).body, "web");
  });
});

describe("OPTIONS *", () => {
  const prefix = (value: string) => ({
    matches: [{ path: { kind: "PathPrefix", value }, headers: [], queryParams: [] }] as const,
  });

  it("belongs to a rule for every path, alone or not", async () => {
    for (const rules of [[prefix("/")], [prefix("/a"), prefix("/")]]) {
      await using routed = await Routed.start({ rules });
      assert.equal((await routed.send("OPTIONS * HTTP/1.1\r\nHost: web\r\n\r\n")).body, "web");
      assert.equal(routed.seen()[0]?.target, "*");
    }
  });

  it("belongs to no other", async () => {
    await using routed = await Routed.start({ rules: [prefix("/a")] });
    assert.equal((await routed.send("OPTIONS * HTTP/1.1\r\nHost: web\r\n\r\n")).status, 404);
  });
});
