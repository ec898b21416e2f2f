import assert from "node:assert/strict";
import type { BoundFilter } from "../../../src/binding/frontend.ts";
import type { Cors } from "../../../src/resources/http-route.ts";
import { type Respond, Routed, requestText, valuesOf } from "../../support/routed.ts";

const NONE: Cors = {
  allowOrigins: [],
  allowMethods: [],
  allowHeaders: [],
  exposeHeaders: [],
  allowCredentials: false,
  maxAgeSeconds: 5,
};

function cors(of: Partial<Cors>): BoundFilter {
  return { kind: "CORS", cors: { ...NONE, ...of } };
}

// The filters of the conformance test HTTPRouteCORS.
const LISTS = cors({
  allowOrigins: ["https://www.foo.com", "https://*.bar.com"],
  allowMethods: ["GET", "OPTIONS"],
  allowHeaders: ["x-header-1", "x-header-2"],
  exposeHeaders: ["x-header-3", "x-header-4"],
  allowCredentials: true,
  maxAgeSeconds: 3600,
});
const ANY_METHOD = cors({ allowOrigins: ["https://www.foo.com"], allowMethods: ["*"] });
const ANY_ORIGIN = cors({ allowOrigins: ["*"], allowMethods: ["PUT"] });
const ALL = { allowOrigins: ["*"], allowMethods: ["*"], allowHeaders: ["*"] };
const ALL_WITH_CREDENTIALS = cors({ ...ALL, allowCredentials: true });
const ALL_WITHOUT_CREDENTIALS = cors(ALL);

type Expected = Readonly<Record<string, string | undefined>>;

const PERMISSIONS_OF_LISTS: Expected = {
  "access-control-allow-methods": "GET, OPTIONS",
  "access-control-allow-headers": "x-header-1, x-header-2",
  "access-control-expose-headers": "x-header-3, x-header-4",
  "access-control-max-age": "3600",
  "access-control-allow-credentials": "true",
};
const NO_PERMISSION: Expected = {
  "access-control-allow-origin": undefined,
  "access-control-allow-methods": undefined,
  "access-control-allow-headers": undefined,
  "access-control-expose-headers": undefined,
  "access-control-max-age": undefined,
  "access-control-allow-credentials": undefined,
};

const PREFLIGHTS: readonly {
  readonly name: string;
  readonly filter: BoundFilter;
  readonly origin: string;
  readonly method: string;
  readonly headers?: string;
  readonly expect: Expected;
}[] = [
  ...["https://www.foo.com", "https://www.bar.com", "https://xpto.www.bar.com"].map((origin) => ({
    name: `${origin} is allowed`,
    filter: LISTS,
    origin,
    method: "GET",
    headers: "x-header-1, x-header-2",
    expect: { "access-control-allow-origin": origin, ...PERMISSIONS_OF_LISTS },
  })),
  {
    name: "another origin is not",
    filter: LISTS,
    origin: "https://foobar.com",
    method: "GET",
    expect: NO_PERMISSION,
  },
  {
    name: "any method, no credentials",
    filter: ANY_METHOD,
    origin: "https://www.foo.com",
    method: "POST",
    expect: {
      "access-control-allow-origin": "https://www.foo.com",
      "access-control-allow-methods": "*",
      "access-control-allow-credentials": undefined,
    },
  },
  ...["https://foobar.com", "https://foobar.com:12345"].map((origin) => ({
    name: `any origin: ${origin}`,
    filter: ANY_ORIGIN,
    origin,
    method: "PUT",
    expect: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "PUT",
      "access-control-allow-credentials": undefined,
    },
  })),
  {
    name: "wildcards with credentials are answered by what was asked",
    filter: ALL_WITH_CREDENTIALS,
    origin: "https://other.foo.com",
    method: "PUT",
    headers: "x-header-1, x-header-2",
    expect: {
      "access-control-allow-origin": "https://other.foo.com",
      "access-control-allow-methods": "PUT",
      "access-control-allow-headers": "x-header-1, x-header-2",
      "access-control-allow-credentials": "true",
    },
  },
  {
    name: "wildcards without credentials",
    filter: ALL_WITHOUT_CREDENTIALS,
    origin: "https://other.foo.com",
    method: "PUT",
    headers: "x-header-1, x-header-2",
    expect: {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "*",
      "access-control-allow-headers": "x-header-1, x-header-2",
      "access-control-allow-credentials": undefined,
    },
  },
];

function assertHeaders(
  answer: { readonly headers: readonly (readonly [string, string])[] },
  expect: Expected,
): void {
  for (const [name, value] of Object.entries(expect)) {
    assert.deepEqual(valuesOf(answer, name), value === undefined ? [] : [value], name);
  }
}

describe("a CORS preflight on the wire", () => {
  for (const c of PREFLIGHTS) {
    it(c.name, async () => {
      await using routed = await Routed.start({ rules: [{ filters: [c.filter] }] });
      const asked = c.headers === undefined ? [] : [`Access-Control-Request-Headers: ${c.headers}`];
      const lines = [`Origin: ${c.origin}`, `Access-Control-Request-Method: ${c.method}`, ...asked];
      const answer = await routed.send(requestText("OPTIONS", "/", lines));
      assert.deepEqual([answer.status, answer.body], [204, ""]);
      assert.deepEqual(valuesOf(answer, "content-length"), []);
      assertHeaders(answer, c.expect);
      assert.equal(routed.seen().length, 0);
      assert.equal(routed.harness.telemetry.count("requests", 204), 1);
    });
  }

  const forwarded = [
    {
      name: "OPTIONS without Access-Control-Request-Method",
      method: "OPTIONS",
      lines: ["Origin: https://www.foo.com"],
    },
    { name: "OPTIONS without Origin", method: "OPTIONS", lines: ["Access-Control-Request-Method: GET"] },
    {
      name: "GET with the fields of a preflight",
      method: "GET",
      lines: ["Origin: https://www.foo.com", "Access-Control-Request-Method: GET"],
    },
  ];
  for (const c of forwarded) {
    it(`is not ${c.name}, which goes to the backend`, async () => {
      await using routed = await Routed.start({ rules: [{ filters: [LISTS] }] });
      assert.equal((await routed.send(requestText(c.method, "/", c.lines))).status, 200);
      assert.equal(routed.seen().length, 1);
    });
  }

  it("is the backend's business where the rule has no CORS filter", async () => {
    await using routed = await Routed.start({ rules: [{}] });
    const lines = ["Origin: https://a.example", "Access-Control-Request-Method: GET"];
    assert.equal((await routed.send(requestText("OPTIONS", "/", lines))).body, "web");
  });

  it("is answered before a redirect", async () => {
    const redirect: BoundFilter = { kind: "RequestRedirect", redirect: { hostname: "new", statusCode: 302 } };
    await using routed = await Routed.start({ rules: [{ filters: [redirect, LISTS], backends: [] }] });
    const lines = ["Origin: https://www.foo.com", "Access-Control-Request-Method: GET"];
    assert.equal((await routed.send(requestText("OPTIONS", "/", lines))).status, 204);
    const answer = await routed.get("/", "Origin: https://www.foo.com");
    assert.equal(answer.status, 302);
    assertHeaders(answer, { "access-control-allow-origin": "https://www.foo.com", vary: "Origin" });
  });
});

const permissive: Respond = (_seen, response) => {
  response.setHeader("Access-Control-Allow-Origin", "https://theirs.example");
  response.setHeader("Access-Control-Allow-Credentials", "true");
  response.setHeader("Vary", "Accept");
  response.end("web");
};

describe("CORS on the response of a backend", () => {
  const cases: readonly {
    readonly name: string;
    readonly filter: BoundFilter;
    readonly origin?: string;
    readonly expect: Expected;
  }[] = [
    {
      name: "an allowed origin",
      filter: LISTS,
      origin: "https://www.foo.com",
      expect: {
        "access-control-allow-origin": "https://www.foo.com",
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-header-3, x-header-4",
        vary: "Accept,Origin",
      },
    },
    {
      name: "another origin",
      filter: LISTS,
      origin: "https://foobar.com",
      expect: { ...NO_PERMISSION, vary: "Accept,Origin" },
    },
    {
      name: "any origin, without credentials",
      filter: ANY_ORIGIN,
      origin: "https://foobar.com:12345",
      expect: {
        "access-control-allow-origin": "*",
        "access-control-allow-credentials": undefined,
        vary: "Accept",
      },
    },
    {
      name: "any origin, with credentials",
      filter: ALL_WITH_CREDENTIALS,
      origin: "https://other.foo.com",
      expect: {
        "access-control-allow-origin": "https://other.foo.com",
        "access-control-allow-credentials": "true",
      },
    },
    {
      name: "no Origin: the backend's own",
      filter: LISTS,
      expect: { "access-control-allow-origin": "https://theirs.example", vary: "Accept,Origin" },
    },
  ];
  for (const c of cases) {
    it(c.name, async () => {
      await using routed = await Routed.start({
        backends: { "app/web:80": [permissive] },
        rules: [{ filters: [c.filter] }],
      });
      const answer = await routed.get("/", ...(c.origin === undefined ? [] : [`Origin: ${c.origin}`]));
      assert.deepEqual([answer.status, answer.body], [200, "web"]);
      assertHeaders(answer, c.expect);
    });
  }

  it("lets a browser see why a request failed", async () => {
    await using routed = await Routed.start({
      backends: { "app/web:80": ["refuses"] },
      rules: [{ filters: [LISTS] }],
    });
    const answer = await routed.get("/", "Origin: https://www.foo.com");
    assert.equal(answer.status, 503);
    assertHeaders(answer, { "access-control-allow-origin": "https://www.foo.com" });
  });
});
