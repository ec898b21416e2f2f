import assert from "node:assert/strict";
import { answerRequest, type RoutedRequest } from "../../src/admin/admin-routes.ts";
import { type AdminPorts, adminEndpoints, metricsEndpoints } from "../../src/admin/endpoints.ts";

interface World {
  isReady: boolean;
  drained: number;
}

const portsOf = (world: World): AdminPorts => ({
  config: () => ({ backends: [] }),
  explain: (query) =>
    Promise.resolve({ status: 200, body: { url: query.get("url"), h: query.getAll("header") } }),
  drain: () => {
    world.drained++;
  },
  readiness: () => ({ isReady: world.isReady, reason: world.isReady ? "ready" : "draining" }),
  metrics: (accept) => ({ contentType: `for ${accept ?? "anybody"}`, chunks: ["a 1\n", "b 2\n"] }),
});

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly allow: string | undefined;
}

async function ask(
  address: "admin" | "metrics",
  request: Partial<RoutedRequest>,
  world: World,
): Promise<Answer> {
  const ports = portsOf(world);
  const routes = address === "admin" ? adminEndpoints(ports) : metricsEndpoints(ports);
  const asked = { method: "GET", path: "/", query: "", accept: undefined, origin: undefined, ...request };
  const { body, ...rest } = await answerRequest(routes, asked);
  let whole = "";
  for await (const piece of body) whole += piece;
  return { allow: undefined, ...rest, body: whole };
}

const text = "text/plain; charset=utf-8";

interface Case {
  readonly name: string;
  readonly request: Partial<RoutedRequest>;
  readonly address?: "metrics";
  readonly isReady?: boolean;
  readonly expected: Partial<Answer>;
}

const cases: readonly Case[] = [
  {
    name: "lists the endpoints",
    request: { path: "/" },
    address: "metrics",
    expected: {
      status: 200,
      contentType: text,
      body: `Eastbound

  GET /metrics  Metrics, as Prometheus text or OpenMetrics
  GET /ready    200 once connections are taken, 503 before and while draining
  GET /live     200 always
`,
    },
  },
  {
    name: "shows the configuration",
    request: { path: "/config" },
    expected: { status: 200, contentType: "application/json", body: '{\n  "backends": []\n}\n' },
  },
  {
    name: "explains",
    request: { path: "/explain", query: "url=http%3A%2F%2Fcart%2Fa%3Fb&header=a%3A+1&header=b:2" },
    expected: {
      status: 200,
      contentType: "application/json",
      body: '{\n  "url": "http://cart/a?b",\n  "h": [\n    "a: 1",\n    "b:2"\n  ]\n}\n',
    },
  },
  {
    name: "passes Accept on to the metrics",
    request: { path: "/metrics", accept: "text/plain" },
    expected: { status: 200, contentType: "for text/plain", body: "a 1\nb 2\n" },
  },
  {
    name: "shows metrics on the metrics address too",
    request: { path: "/metrics" },
    address: "metrics",
    expected: { status: 200, contentType: "for anybody" },
  },
  {
    name: "is ready",
    request: { path: "/ready" },
    isReady: true,
    expected: { status: 200, body: "ready\n" },
  },
  {
    name: "is not ready while draining",
    request: { path: "/ready" },
    expected: { status: 503, body: "draining\n" },
  },
  { name: "is alive", request: { path: "/live" }, expected: { status: 200, body: "alive\n" } },
  { name: "answers HEAD as GET", request: { path: "/live", method: "HEAD" }, expected: { status: 200 } },
  {
    name: "says which method to take",
    request: { path: "/drain" },
    expected: { status: 405, allow: "POST", body: "/drain takes POST, not GET.\n" },
  },
  {
    name: "says that reading takes HEAD too",
    request: { path: "/metrics", method: "DELETE" },
    expected: { status: 405, allow: "GET, HEAD", body: "/metrics takes GET, HEAD, not DELETE.\n" },
  },
  {
    name: "turns POST to the list away",
    request: { path: "/", method: "POST" },
    expected: { status: 405, allow: "GET, HEAD" },
  },
  {
    name: "lists what there is where a path is wrong",
    request: { path: "/metric" },
    address: "metrics",
    expected: {
      status: 404,
      contentType: text,
      body: `There is no /metric here. These are:
  GET /metrics  Metrics, as Prometheus text or OpenMetrics
  GET /ready    200 once connections are taken, 503 before and while draining
  GET /live     200 always
`,
    },
  },
  {
    name: "keeps the configuration off the metrics address",
    request: { path: "/config" },
    address: "metrics",
    expected: { status: 404 },
  },
  {
    name: "keeps drain off the metrics address",
    request: { path: "/drain", method: "POST" },
    address: "metrics",
    expected: { status: 404 },
  },
];

describe("endpoints", () => {
  for (const c of cases) {
    it(c.name, async () => {
      const world = { isReady: c.isReady ?? false, drained: 0 };
      const answer = await ask(c.address ?? "admin", c.request, world);
      assert.partialDeepStrictEqual(answer, c.expected);
      assert.equal(world.drained, 0);
    });
  }

  it("begins to drain", async () => {
    const world = { isReady: true, drained: 0 };
    const answer = await ask("admin", { path: "/drain", method: "POST" }, world);
    assert.deepEqual([answer.status, answer.body, world.drained], [202, "draining\n", 1]);
  });

  it("does not drain for a page in a browser", async () => {
    const world = { isReady: true, drained: 0 };
    const answer = await ask(
      "admin",
      { path: "/drain", method: "POST", origin: "https://example.com" },
      world,
    );
    assert.deepEqual([answer.status, world.drained], [403, 0]);
  });
});
