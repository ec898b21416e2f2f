import assert from "node:assert/strict";
import type { BoundRule } from "../../src/binding/frontend.ts";
import type { ProxyConfiguration } from "../../src/proxy/configuration.ts";
import {
  answering,
  type Harness,
  RawClient,
  startHarness,
  startRawServer,
} from "../support/proxy-harness.ts";

describe("a configuration that is applied in steps", () => {
  const ROUTES = 500;
  let proxy: Harness;
  let resources: AsyncDisposableStack;

  const server = async (name: string): Promise<number> => {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n`;
    return resources.use(await startRawServer(answering(head + name))).port;
  };

  const ask = async (): Promise<string> => {
    await using client = new RawClient(proxy.port);
    client.send("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
    const received = await client.until((bytes) => /\r\n\r\n./.test(bytes));
    return received.split("\r\n\r\n")[1] ?? "";
  };

  /** What is in force, with many routes, the last of which sends everything to another backend. */
  const changed = (backend: string): ProxyConfiguration => {
    const [first] = proxy.proxy.configuration.frontends();
    assert.ok(first);
    const ruleFor = (path: string, name: string): BoundRule => ({
      index: 0,
      matches: [{ path: { kind: "PathPrefix", value: path }, headers: [], queryParams: [] }],
      filters: [],
      backends: [{ target: { kind: "Backend", name }, weight: 1, filters: [] }],
      timeouts: {},
    });
    const routes = Array.from({ length: ROUTES }, (_, index) => ({
      namespace: "app",
      name: `route-${index}`,
      rules: [index === ROUTES - 1 ? ruleFor("/", backend) : ruleFor(`/${index}`, "app/web:80")],
    }));
    const scope = { kind: "producer" } as const;
    const frontend = { ...first.frontend, routes: { kind: "HTTPRoute", scope, routes } as const };
    const backends = new Map(
      [...proxy.proxy.configuration.backends()].map(({ backend: each }) => [each.name, each]),
    );
    return { frontends: new Map([[frontend.name, { frontend, version: "new" }]]), backends, locality: {} };
  };

  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    const [web, other] = [await server("web"), await server("other")];
    proxy = resources.use(await startHarness({ backends: { "app/web:80": [web], "app/other:80": [other] } }));
  });
  afterEach(() => resources.disposeAsync());

  it("leaves the old routes in force until the new ones are whole", async () => {
    const steps = proxy.proxy.configuration.applyInSteps(changed("app/other:80"));
    let count = 0;
    let answers = new Set<string>();
    while (steps.next().done !== true) {
      count++;
      if (count % 3 === 0)
        answers = answers.add(`${proxy.proxy.configuration.frontends()[0]?.version} ${await ask()}`);
    }
    assert.ok(count > 5, String(count));
    assert.equal(await ask(), "other");
    assert.equal([...answers][0]?.endsWith(" web"), true);
    const mixed = [...answers].filter((each) => each.startsWith("new") !== each.endsWith("other"));
    assert.deepEqual(mixed, []);
  });

  it("compiles nothing whose version is in force", async () => {
    proxy.proxy.apply(changed("app/other:80"));
    const same = changed("app/web:80");
    const steps = [...proxy.proxy.configuration.applyInSteps(same)];
    assert.equal(steps.length, same.backends.size + 1);
    assert.equal(await ask(), "other");
  });
});
