import assert from "node:assert/strict";
import type { BoundRule } from "../../src/binding/frontend.ts";
import type { ConfigurationInForce } from "../../src/proxy/configuration-in-force.ts";
import {
  answering,
  backendsOf,
  eventually,
  frontendOf,
  type Harness,
  RawClient,
  SERVICE,
  startHarness,
  startRawServer,
} from "../support/proxy-harness.ts";

const GET = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
const NAME = "10.96.0.1:80";
const ROUTES = 500;

function saying(text: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
}

function ruleTo(name: string, path = "/"): Partial<BoundRule> {
  return {
    matches: [{ path: { kind: "PathPrefix", value: path }, headers: [], queryParams: [] }],
    backends: [{ target: { kind: "Backend", name }, weight: 1, filters: [] }],
  };
}

describe("a configuration that changes piece by piece", () => {
  let resources: AsyncDisposableStack;
  let proxy: Harness;
  let configuration: ConfigurationInForce;
  const ports: Record<string, number> = {};

  /** A Backend whose endpoint answers with `server`'s name. */
  const putBackend = (name: string, server: string, rest = {}): void => {
    const [backend] = backendsOf({ backends: { [name]: [ports[server] ?? 0] } });
    assert.ok(backend);
    configuration.putBackend({ ...backend, ...rest });
  };

  const steps = (version: string, rules?: readonly Partial<BoundRule>[]): Generator<undefined, unknown> =>
    configuration.putFrontendInSteps({ frontend: frontendOf(rules === undefined ? {} : { rules }), version });

  const resultOf = (generator: Generator<undefined, unknown>): unknown => {
    for (let step = generator.next(); ; step = generator.next()) if (step.done === true) return step.value;
  };

  const run = (generator: Generator<undefined, unknown>): number => {
    let count = 0;
    while (generator.next().done !== true) count++;
    return count;
  };

  const ask = async (): Promise<string> => {
    await using client = new RawClient(proxy.port);
    client.send(GET);
    const { status, body } = await client.response();
    return `${status} ${body.startsWith("app") ? "" : body}`.trim();
  };

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    for (const name of ["one", "two"])
      ports[name] = resources.use(await startRawServer(answering(saying(name)))).port;
    proxy = resources.use(await startHarness({ backends: { "app/web:80": [ports["one"] ?? 0] } }));
    configuration = proxy.proxy.configuration;
  });
  afterEach(() => resources.disposeAsync());

  it("has each Backend in force at once", async () => {
    putBackend("app/web:80", "two");
    assert.equal(await ask(), "200 two");
    configuration.removeBackend("app/web:80");
    assert.equal(await ask(), "503");
    putBackend("app/web:80", "one");
    assert.equal(await ask(), "200 one");
  });

  it("has a Frontend in force with its last step, and not before", async () => {
    putBackend("app/two:80", "two");
    const rules = Array.from({ length: ROUTES }, (_, n) => ruleTo("app/web:80", `/${n}`));
    const changed = steps("2", [...rules, ruleTo("app/two:80")]);
    let count = 0;
    const answers = new Set<string>();
    for (let step = changed.next(); step.done !== true; step = changed.next()) {
      if (count++ % 3 === 0) answers.add(await ask());
    }
    assert.ok(count > 5, String(count));
    assert.deepEqual([...answers], ["200 one"]);
    assert.equal(await ask(), "200 two");
    assert.equal(configuration.frontends()[0]?.version, "2");
  });

  it("compiles nothing whose version is in force", () => {
    run(steps("2"));
    const before = configuration.slot(SERVICE)?.current;
    assert.equal(run(steps("2", [ruleTo("app/two:80")])), 0);
    assert.equal(configuration.slot(SERVICE)?.current, before);
  });

  it("forgets what it compiles where the Frontend is put again or removed meanwhile", () => {
    const rules = Array.from({ length: ROUTES }, (_, n) => ruleTo("app/web:80", `/${n}`));
    const slow = steps("2", rules);
    slow.next();
    assert.equal(resultOf(steps("3")), true);
    assert.equal(resultOf(slow), false);
    assert.equal(configuration.frontends()[0]?.version, "3");
    const late = steps("4", rules);
    late.next();
    configuration.removeFrontend(NAME);
    run(late);
    assert.deepEqual(configuration.frontends(), []);
  });

  it("forgets what it was to compile where the Frontend is removed before the first step", () => {
    const waiting = steps("2");
    configuration.removeFrontend(NAME);
    assert.equal(resultOf(waiting), false);
    assert.deepEqual(configuration.frontends(), []);
  });

  it("lets the version in force win over one that was being compiled when it was put again", () => {
    run(steps("2"));
    const slow = steps(
      "3",
      Array.from({ length: ROUTES }, (_, n) => ruleTo("app/web:80", `/${n}`)),
    );
    slow.next();
    run(steps("2"));
    run(slow);
    assert.equal(configuration.frontends()[0]?.version, "2");
  });

  it("ends connections to a Frontend that was removed with their next response, also when it is put again", async () => {
    await using client = new RawClient(proxy.port);
    client.send(GET);
    await client.response();
    configuration.removeFrontend(NAME);
    run(steps("2"));
    client.send(GET);
    assert.equal((await client.response()).headers.get("connection"), "close");
    await using next = new RawClient(proxy.port);
    next.send(GET);
    assert.equal((await next.response()).headers.get("connection"), undefined);
  });

  it("counts requests for a Backend that came after its routes under its name", async () => {
    run(steps("2", [ruleTo("app/two:80")]));
    assert.equal(await ask(), "503");
    putBackend("app/two:80", "two");
    assert.equal(await ask(), "200 two");
    assert.equal(proxy.telemetry.count("requests", "two", 200), 1);
  });

  it("takes every Backend to the place of the client when that is told", async () => {
    const two = backendsOf({ backends: { "app/web:80": [ports["one"] ?? 0, ports["two"] ?? 0] } })[0];
    assert.ok(two);
    const endpoints = two.endpoints.map((endpoint, n) => ({ ...endpoint, zone: `zone-${n}` }));
    const backend = { ...two, endpoints, trafficDistribution: "PreferSameZone" } as const;
    run(configuration.relocateInSteps({ zone: "zone-0" }));
    configuration.putBackend(backend);
    assert.deepEqual([await ask(), await ask(), await ask()], ["200 one", "200 one", "200 one"]);
    run(configuration.relocateInSteps({ zone: "zone-1" }));
    assert.deepEqual([await ask(), await ask(), await ask()], ["200 two", "200 two", "200 two"]);
    assert.deepEqual(configuration.locality, { zone: "zone-1" });
  });

  describe("and Frontends that nobody uses", () => {
    it("are told by name, without those that connections hold", async () => {
      assert.deepEqual(configuration.idleFrontends(60_000), []);
      assert.deepEqual(configuration.idleFrontends(0), [NAME]);
      await using client = new RawClient(proxy.port);
      client.send(GET);
      await client.response();
      assert.deepEqual(configuration.idleFrontends(0), []);
      client.socket.end();
      await eventually("the connection's end", () =>
        configuration.idleFrontends(0).length === 1 ? undefined : "it holds the Frontend",
      );
    });

    it("were used when their last connection ended", async () => {
      const usedMs = (): number => configuration.slot(SERVICE)?.lastUsedMs ?? 0;
      const begunMs = usedMs();
      await using client = new RawClient(proxy.port);
      client.send(GET);
      await client.response();
      const asked = performance.now();
      client.socket.end();
      await eventually("the connection's end", () => (usedMs() > begunMs ? undefined : "none"));
      assert.ok(usedMs() >= asked);
    });

    it("are begun to be used again with the next connection after they were put again", async () => {
      configuration.removeFrontend(NAME);
      run(steps("9"));
      assert.equal(await ask(), "200 one");
    });
  });
});
