import assert from "node:assert/strict";
import type { Backend } from "../../../src/binding/backend.ts";
import type { BoundRule } from "../../../src/binding/frontend.ts";
import {
  answering,
  backendsOf,
  closedPort,
  eventually,
  type Harness,
  type HarnessOptions,
  RawClient,
  type RawServer,
  startHarness,
  startRawServer,
} from "../../support/proxy-harness.ts";
import { startStuckListener } from "../../support/stuck-listener.ts";

const MINUTE_MS = 60_000;
const AGES = [
  { age: "current", staleMs: 0 },
  { age: "stale for a second", staleMs: 1_000 },
  { age: "stale for six minutes", staleMs: 6 * MINUTE_MS },
] as const;

type Reachability = "serve" | "refuse" | "none";
type Asking = "GET" | "POST" | "opaque";

interface Case {
  readonly asking: Asking;
  readonly staleMs: number;
  readonly endpoints: Reachability;
  readonly service: Reachability;
  /** The rule says `retry.attempts: 0`: what no endpoint took goes nowhere else. */
  readonly isTriedOnce: boolean;
}

interface Outcome {
  readonly servedBy: "endpoint" | "service" | undefined;
  readonly failure: string | undefined;
}

/** What decision 9 asks for, said as a list of who is tried. */
function expected({ asking, staleMs, endpoints, service, isTriedOnce }: Case): Outcome {
  const inOrder =
    staleMs >= 5 * MINUTE_MS && service !== "none" ? ["service", "endpoint"] : ["endpoint", "service"];
  const way = inOrder
    .map((who) => ({ who, is: who === "service" ? service : endpoints }))
    .filter(({ is }) => is !== "none");
  const tried = isTriedOnce && asking !== "opaque" ? way.slice(0, 1) : way;
  const found = tried.find(({ is }) => is === "serve");
  if (found !== undefined) return { servedBy: found.who as "endpoint" | "service", failure: undefined };
  const isEmpty = endpoints === "none" && (inOrder[0] === "endpoint" || tried.length === 0);
  return { servedBy: undefined, failure: isEmpty ? "no_endpoint" : "connection_refused" };
}

function casesOf(): readonly Case[] {
  const some: Case[] = [];
  for (const asking of ["GET", "POST", "opaque"] as const)
    for (const { staleMs } of AGES)
      for (const endpoints of ["serve", "refuse", "none"] as const)
        for (const service of ["serve", "refuse", "none"] as const)
          for (const isTriedOnce of asking === "opaque" ? [false] : [false, true])
            some.push({ asking, staleMs, endpoints, service, isTriedOnce });
  return some;
}

const REQUESTS: Readonly<Record<Asking, string>> = {
  GET: "GET / HTTP/1.1\r\nHost: web\r\n\r\n",
  POST: "POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 0\r\n\r\n",
  opaque: "GET / HTTP/1.1\r\nHost: web\r\n\r\n",
};

function saying(text: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

const RULE: Partial<BoundRule> = {
  backends: [{ target: { kind: "Backend", name: "app/web:80" }, weight: 1, filters: [] }],
};

describe("a configuration that may be out of date", () => {
  let resources: AsyncDisposableStack;
  let endpoint: RawServer;
  let service: RawServer;
  let refusing: number;
  let staleMs: number;

  beforeEach(async () => {
    staleMs = 0;
    resources = new AsyncDisposableStack();
    endpoint = resources.use(await startRawServer(answering(saying("endpoint"))));
    service = resources.use(await startRawServer(answering(saying("service"))));
    refusing = await closedPort();
  });
  afterEach(() => resources.disposeAsync());

  const start = async (
    fields: Partial<Backend>,
    ports: readonly number[],
    options: Partial<HarnessOptions> = {},
  ): Promise<Harness> =>
    resources.use(
      await startHarness({
        staleForMs: () => staleMs,
        rules: [RULE],
        backends: { "app/web:80": ports },
        backendFields: { clusterIPs: ["127.0.0.1"], port: service.port, ...fields },
        ...options,
      }),
    );

  describe("has requests go", () => {
    for (const each of casesOf()) {
      const outcome = expected(each);
      const { age } = AGES.find((candidate) => candidate.staleMs === each.staleMs) ?? { age: "" };
      const where =
        outcome.servedBy === undefined ? `nowhere (${outcome.failure})` : `to the ${outcome.servedBy}`;
      const how = each.isTriedOnce ? ", tried once" : "";
      it(`${where}: ${each.asking}${how}, ${age}, endpoints ${each.endpoints}, service ${each.service}`, async () => {
        staleMs = each.staleMs;
        const portOf = { serve: endpoint.port, refuse: refusing, none: 0 };
        const proxy = await start(
          {
            clusterIPs: each.service === "none" ? [] : ["127.0.0.1"],
            port: each.service === "refuse" ? refusing : service.port,
          },
          each.endpoints === "none" ? [] : [portOf[each.endpoints]],
          each.asking === "opaque"
            ? { frontend: { protocol: "opaque" } }
            : { rules: [{ ...RULE, ...(each.isTriedOnce && { retry: { attempts: 0, codes: [] } }) }] },
        );
        await using client = new RawClient(proxy.port);
        client.send(REQUESTS[each.asking]);
        const received = await client.until((bytes) => bytes.includes("\r\n\r\n"));
        const servedBy = /\r\n\r\n(endpoint|service)$/.exec(received)?.[1];
        const failure = [...proxy.telemetry.counts.keys()].find((key) => key.startsWith("failures"));
        assert.deepEqual({ servedBy, failure: failure?.split(" ").at(-1) }, outcome);
        client.socket.destroy();
      });
    }
  });

  it("goes nowhere else where the Service's address would lead back to the proxy", async () => {
    const proxy = resources.use(
      await startHarness({
        rules: [RULE],
        backends: { "app/web:80": [refusing] },
        backendFields: { clusterIPs: ["127.0.0.1"], port: service.port },
      }),
    );
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).status, 503);
    assert.equal(service.sockets.length, 0);
  });

  for (const { age, stale, status } of [
    { age: "is current", stale: 0, status: 503 },
    { age: "may be out of date", stale: 1_000, status: 200 },
  ]) {
    it(`has an internalTrafficPolicy Local without endpoints on this node answered ${status} while it ${age}`, async () => {
      staleMs = stale;
      const proxy = await start({ internalTrafficPolicy: "Local" }, [endpoint.port]);
      const steps = proxy.proxy.configuration.relocateInSteps({ node: "another" });
      while (steps.next().done !== true) continue;
      await using client = new RawClient(proxy.port);
      client.send(REQUESTS.GET);
      assert.equal((await client.response()).status, status);
      assert.equal(service.sockets.length, status === 200 ? 1 : 0);
      assert.equal(endpoint.sockets.length, 0);
    });
  }

  it("has what no endpoint took counted, and told in the log", async () => {
    staleMs = 1;
    const proxy = await start({}, [refusing]);
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).body, "service");
    assert.equal(proxy.telemetry.count("resends", "cluster_ip"), 1);
    assert.equal(proxy.telemetry.count("resends"), 1);
    assert.deepEqual(
      proxy.log.map(({ endpoint: where, tries }) => [where, tries]),
      [[`127.0.0.1:${service.port}`, 2]],
    );
  });

  it("lets all endpoints be tried first", async () => {
    staleMs = 1;
    const more = await closedPort();
    const proxy = await start({}, [refusing, more]);
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).body, "service");
    assert.deepEqual(
      [proxy.telemetry.count("resends", "connect_failure"), proxy.telemetry.count("resends", "cluster_ip")],
      [1, 1],
    );
  });

  it("goes there too where no more endpoints may be tried, and where none reacts in time", async () => {
    staleMs = 1;
    const more = await closedPort();
    const proxy = await start({}, [refusing, more], { limits: { resendEndpoints: 1, resendWindowMs: 0 } });
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).body, "service");
    assert.equal(proxy.log[0]?.tries, 2);
  });

  for (const { name, options } of [
    { name: "a request", options: {} },
    { name: "a byte stream", options: { frontend: { protocol: "opaque" } } },
  ] as const) {
    it(`goes there with ${name} that no endpoint reacted to`, async () => {
      staleMs = 1;
      await using stuck = await startStuckListener();
      const proxy = await start({}, [stuck.port], { ...options, limits: { connectTimeoutMs: 50 } });
      await using client = new RawClient(proxy.port);
      client.send(REQUESTS.GET);
      assert.equal((await client.response()).body, "service");
      assert.equal(proxy.telemetry.count("resends", "cluster_ip"), 1);
    });
  }

  it("goes there when the time of the rule for one try is over before a connection stands", async () => {
    staleMs = 1;
    await using stuck = await startStuckListener();
    const rule = { ...RULE, timeouts: { backendRequestMs: 50 } };
    const proxy = await start({}, [stuck.port], { rules: [rule] });
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).body, "service");
  });

  it("tells why the endpoints failed where the last resort fails too", async () => {
    staleMs = 1;
    const proxy = await start({ port: refusing }, []);
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    const { status, headers } = await client.response();
    assert.equal(status, 503);
    assert.equal(
      headers.get("proxy-status"),
      `eastbound; error=destination_unavailable; details="app/web:80 has no endpoints; 127.0.0.1:${refusing}: ECONNREFUSED"`,
    );
    assert.equal(proxy.telemetry.count("failures", "no_endpoint"), 1);
  });

  it("avoids the Service's address for a while where it was no use as the first one", async () => {
    staleMs = 6 * MINUTE_MS;
    const proxy = await start({ port: refusing }, [endpoint.port]);
    await using client = new RawClient(proxy.port);
    for (let n = 0; n < 3; n++) {
      client.send(REQUESTS.GET);
      assert.equal((await client.response()).body, "endpoint");
    }
    assert.deepEqual(
      proxy.log.map(({ tries }) => tries),
      [2, 1, 1],
    );
    assert.equal(proxy.telemetry.count("resends", "cluster_ip"), 1);
  });

  it("waits as long as is configured before it prefers the Service's address", async () => {
    staleMs = 1_000;
    const proxy = await start({}, [endpoint.port], { limits: { clusterIpFirstMs: 1_001 } });
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).body, "endpoint");
    staleMs = 1_001;
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).body, "service");
  });

  it("never prefers the Service's address while it is current, however soon that may be", async () => {
    const proxy = await start({}, [endpoint.port], { limits: { clusterIpFirstMs: 0 } });
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).body, "endpoint");
  });

  it("takes the Service's address of the client's family, else the other one", async () => {
    staleMs = 1;
    const both = await start({ clusterIPs: ["fd00::1", "127.0.0.1"] }, [refusing]);
    await using client = new RawClient(both.port);
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).body, "service");
    const other = await start({ clusterIPs: ["::1"] }, [refusing], { limits: { connectTimeoutMs: 100 } });
    await using another = new RawClient(other.port);
    another.send(REQUESTS.GET);
    await another.response();
    assert.equal(other.log[0]?.endpoint, `[::1]:${service.port}`);
  });

  it("keeps connections to the Service's address, until the configuration is current again", async () => {
    staleMs = 1;
    const proxy = await start({}, [refusing]);
    await using client = new RawClient(proxy.port);
    for (let n = 0; n < 3; n++) {
      client.send(REQUESTS.GET);
      await client.response();
    }
    assert.equal(service.sockets.length, 1);
    assert.equal(proxy.telemetry.count("upstreamOpen"), 1);
    staleMs = 0;
    proxy.proxy.configuration.becameCurrent();
    await eventually("the connection's end", () =>
      proxy.telemetry.count("upstreamOpen") === 0 ? undefined : "open",
    );
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).body, "service");
    assert.equal(service.sockets.length, 2);
  });

  it("lets a request end that is under way there when the configuration is current again", async () => {
    staleMs = 1;
    let answer = (): void => undefined;
    await using slow = await startRawServer((socket) => {
      socket.on("data", () => {
        answer = () => socket.write(saying("late"));
      });
    });
    const proxy = await start({ port: slow.port }, [refusing]);
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    await eventually("the request", () => (answer.toString().includes("late") ? undefined : "none"));
    staleMs = 0;
    proxy.proxy.configuration.becameCurrent();
    answer();
    assert.equal((await client.response()).body, "late");
    await eventually("the connection's end", () =>
      proxy.telemetry.count("upstreamOpen") === 0 ? undefined : "open",
    );
  });

  it("keeps no connection to an address that the Service no longer has", async () => {
    staleMs = 1;
    const proxy = await start({}, [refusing]);
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    await client.response();
    const fields = { clusterIPs: ["127.0.0.2"], port: service.port };
    const [changed] = backendsOf({ backends: { "app/web:80": [endpoint.port] }, backendFields: fields });
    assert.ok(changed);
    proxy.proxy.configuration.putBackend(changed);
    await eventually("the connection's end", () =>
      proxy.telemetry.count("upstreamOpen") === 0 ? undefined : "open",
    );
  });

  it("sends a request with all of its body to the last resort", async () => {
    staleMs = 1;
    let seen = "";
    await using reading = await startRawServer((socket) => {
      socket.on("data", (bytes) => {
        seen += bytes.toString("latin1");
        if (seen.endsWith("hello world")) socket.write(saying("got it"));
      });
    });
    const proxy = await start({ port: reading.port }, [refusing]);
    await using client = new RawClient(proxy.port);
    client.send("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 11\r\n\r\nhello");
    await proxy.busy();
    client.send(" world");
    assert.equal((await client.response()).body, "got it");
  });

  it("does not resend what an endpoint got, whatever became of it", async () => {
    staleMs = 1;
    await using closing = await startRawServer((socket) => {
      socket.on("data", () => socket.destroy());
    });
    const proxy = await start({}, [closing.port]);
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.POST);
    assert.equal((await client.response()).status, 502);
    assert.equal(service.sockets.length, 0);
  });

  it("asks the Service's address again with each retry of the rule", async () => {
    staleMs = 1;
    let answered = 0;
    await using failing = await startRawServer((socket) => {
      socket.on("data", () => {
        answered++;
        socket.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
      });
    });
    const retry = { attempts: 2, codes: [503], backoffMs: 1 };
    const proxy = await start({ port: failing.port }, [refusing], { rules: [{ ...RULE, retry }] });
    await using client = new RawClient(proxy.port);
    client.send(REQUESTS.GET);
    assert.equal((await client.response()).status, 503);
    assert.equal(answered, 3);
  });

  it("leaves each client of a Service with session affinity at its endpoint", async () => {
    const other = resources.use(await startRawServer(answering(saying("endpoint"))));
    const sessionAffinity = { kind: "ClientIP", timeoutSeconds: 60 } as const;
    const proxy = await start({ sessionAffinity }, [endpoint.port, other.port]);
    await using client = new RawClient(proxy.port);
    const ask = async (): Promise<string> => {
      client.send(REQUESTS.GET);
      return (await client.response()).body;
    };
    await ask();
    const first = proxy.log[0]?.endpoint;
    staleMs = 6 * MINUTE_MS;
    assert.equal(await ask(), "service");
    staleMs = 0;
    proxy.proxy.configuration.becameCurrent();
    await ask();
    assert.equal(proxy.log[2]?.endpoint, first);
  });

  it("carries bytes to the last resort that came while an endpoint was dialled", async () => {
    staleMs = 1;
    await using echo = await startRawServer((socket) => socket.pipe(socket));
    const proxy = await start({ port: echo.port }, [refusing], { frontend: { protocol: "http" } });
    await using client = new RawClient(proxy.port);
    client.send("\u0001binary");
    await client.until((received) => received.includes("binary"));
    assert.equal(proxy.telemetry.count("resends", "cluster_ip"), 1);
    client.socket.destroy();
  });
});
