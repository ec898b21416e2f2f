import assert from "node:assert/strict";
import type { Cors } from "../../src/resources/http-route.ts";
import {
  allowsOrigin,
  corsPreflight,
  corsResponseSteps,
  isPreflight,
  planCors,
} from "../../src/routing/cors.ts";
import { requestOf } from "./route-fixtures.ts";

const none: Cors = {
  allowOrigins: [],
  allowMethods: [],
  allowHeaders: [],
  exposeHeaders: [],
  allowCredentials: false,
  maxAgeSeconds: 5,
};

/** Like the first route of the conformance test HTTPRouteCORS. */
const full: Cors = {
  allowOrigins: ["https://www.a.example", "https://*.b.example"],
  allowMethods: ["GET", "OPTIONS"],
  allowHeaders: ["x-one", "x-two"],
  exposeHeaders: ["x-three", "x-four"],
  allowCredentials: true,
  maxAgeSeconds: 3600,
};

function preflight(origin: string, method: string, headers?: string): ReturnType<typeof requestOf> {
  return requestOf("/", {
    method: "OPTIONS",
    headers: {
      Origin: origin,
      "Access-Control-Request-Method": method,
      ...(headers === undefined ? {} : { "Access-Control-Request-Headers": headers }),
    },
  });
}

function headersOf(cors: Cors, request: ReturnType<typeof requestOf>): Record<string, string> {
  const answer = corsPreflight(planCors(cors), request);
  assert.equal(answer.status, 204);
  return Object.fromEntries(answer.headers.map(({ name, value }) => [name, value]));
}

describe("allowsOrigin", () => {
  const cases: readonly { allowed: string; origin: string; expected: boolean }[] = [
    { allowed: "*", origin: "https://any.example:1", expected: true },
    { allowed: "*", origin: "null", expected: true },
    { allowed: "https://a.example", origin: "https://a.example", expected: true },
    { allowed: "https://a.example", origin: "http://a.example", expected: false },
    { allowed: "https://a.example", origin: "https://a.example:443", expected: true },
    { allowed: "https://a.example:443", origin: "https://a.example", expected: true },
    { allowed: "https://a.example", origin: "https://a.example:8443", expected: false },
    { allowed: "http://a.example:80", origin: "http://a.example", expected: true },
    { allowed: "http://a.example:8080", origin: "http://a.example:8080", expected: true },
    { allowed: "https://A.example", origin: "HTTPS://a.Example", expected: true },
    { allowed: "https://a.example", origin: "https://xa.example", expected: false },
    { allowed: "https://a.example", origin: "https://a.example.evil", expected: false },
    { allowed: "https://a.example", origin: "https://a.example/path", expected: false },
    { allowed: "https://a.example", origin: "https://b.example,https://a.example", expected: false },
    { allowed: "https://a.example", origin: "null", expected: false },
    { allowed: "https://a.example", origin: "", expected: false },
    { allowed: "https://*.b.example", origin: "https://www.b.example", expected: true },
    { allowed: "https://*.b.example", origin: "https://x.www.b.example", expected: true },
    { allowed: "https://*.b.example", origin: "https://b.example", expected: false },
    { allowed: "https://*.b.example", origin: "https://.b.example", expected: false },
    { allowed: "https://*.b.example", origin: "https://evil.example/.b.example", expected: false },
    { allowed: "https://*.b.example", origin: "https://www.b.example:444", expected: false },
    { allowed: "https://*", origin: "https://any.example", expected: true },
    { allowed: "https://*", origin: "http://any.example", expected: false },
    { allowed: "http://*:3000", origin: "http://localhost:3000", expected: true },
    { allowed: "http://*:3000", origin: "http://localhost", expected: false },
    { allowed: "http://*:3000", origin: "http://[::1]:3000", expected: true },
    { allowed: "ftp://a.example", origin: "ftp://a.example", expected: false },
  ];
  for (const c of cases) {
    it(`${c.allowed} ${c.expected ? "allows" : "does not allow"} ${c.origin}`, () => {
      assert.equal(allowsOrigin(planCors({ ...none, allowOrigins: [c.allowed] }), c.origin), c.expected);
    });
  }

  it("allows none where none is listed", () => {
    assert.equal(allowsOrigin(planCors(none), "https://a.example"), false);
  });
});

describe("isPreflight", () => {
  const asks = { Origin: "https://a.example", "Access-Control-Request-Method": "GET" };
  const cases: readonly {
    name: string;
    method: string;
    headers: Record<string, string>;
    expected: boolean;
  }[] = [
    { name: "OPTIONS that asks", method: "OPTIONS", headers: asks, expected: true },
    { name: "GET that asks", method: "GET", headers: asks, expected: false },
    {
      name: "OPTIONS without Origin",
      method: "OPTIONS",
      headers: { ...asks, Origin: undefined } as never,
      expected: false,
    },
    { name: "OPTIONS that asks for nothing", method: "OPTIONS", headers: { Origin: "x" }, expected: false },
  ];
  for (const c of cases) {
    it(`${c.name}: ${c.expected ? "yes" : "no"}`, () => {
      assert.equal(isPreflight(requestOf("/", c)), c.expected);
    });
  }
});

describe("corsPreflight", () => {
  it("answers an allowed origin with what the filter allows", () => {
    assert.deepEqual(headersOf(full, preflight("https://x.b.example", "GET", "x-one, x-two")), {
      "Access-Control-Allow-Origin": "https://x.b.example",
      "Access-Control-Allow-Credentials": "true",
      "Access-Control-Expose-Headers": "x-three, x-four",
      Vary: "Origin",
      "Access-Control-Allow-Methods": "GET, OPTIONS",
      "Access-Control-Allow-Headers": "x-one, x-two",
      "Access-Control-Max-Age": "3600",
    });
  });

  it("gives no permission to another origin", () => {
    assert.deepEqual(headersOf(full, preflight("https://c.example", "GET")), { Vary: "Origin" });
  });

  it("leaves out what the filter does not list", () => {
    const cors = { ...none, allowOrigins: ["https://a.example"] };
    assert.deepEqual(headersOf(cors, preflight("https://a.example", "POST", "x-one")), {
      "Access-Control-Allow-Origin": "https://a.example",
      Vary: "Origin",
      "Access-Control-Max-Age": "5",
    });
  });

  const wild: Cors = {
    ...none,
    allowOrigins: ["*"],
    allowMethods: ["*"],
    allowHeaders: ["*"],
    exposeHeaders: ["*"],
  };

  it("answers wildcards by * without credentials, but headers by those asked for", () => {
    assert.deepEqual(headersOf(wild, preflight("https://a.example", "PUT", "x-one, authorization")), {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": "*",
      "Access-Control-Allow-Methods": "*",
      "Access-Control-Allow-Headers": "x-one, authorization",
      "Access-Control-Max-Age": "5",
    });
  });

  it("answers wildcards by what is asked for with credentials", () => {
    const cors = { ...wild, allowCredentials: true };
    assert.deepEqual(headersOf(cors, preflight("https://a.example", "PUT", "x-one")), {
      "Access-Control-Allow-Origin": "https://a.example",
      "Access-Control-Allow-Credentials": "true",
      Vary: "Origin",
      "Access-Control-Allow-Methods": "PUT",
      "Access-Control-Allow-Headers": "x-one",
      "Access-Control-Max-Age": "5",
    });
    const withoutHeaders = headersOf(cors, preflight("https://a.example", "PUT"));
    assert.equal("Access-Control-Allow-Headers" in withoutHeaders, false);
  });

  it("allows nothing by a wildcard that is not asked for", () => {
    const answer = headersOf(
      { ...wild, allowCredentials: true },
      requestOf("/", { headers: { origin: "null" } }),
    );
    assert.deepEqual(answer, {
      "Access-Control-Allow-Origin": "null",
      "Access-Control-Allow-Credentials": "true",
      Vary: "Origin",
      "Access-Control-Max-Age": "5",
    });
  });
});

describe("corsResponseSteps", () => {
  function steps(cors: Cors, origin: string | undefined): readonly string[] {
    const request = requestOf("/", { headers: origin === undefined ? {} : { origin } });
    return corsResponseSteps(planCors(cors), request).map(({ kind, name, value }) =>
      `${kind} ${name} ${value}`.trim(),
    );
  }

  it("replaces the upstream's permissions for an allowed origin", () => {
    assert.deepEqual(steps(full, "https://www.a.example"), [
      "set Access-Control-Allow-Origin https://www.a.example",
      "set Access-Control-Allow-Credentials true",
      "set Access-Control-Expose-Headers x-three, x-four",
      "add Vary Origin",
    ]);
  });

  it("takes them away for another origin", () => {
    assert.deepEqual(steps(full, "https://c.example"), [
      "remove Access-Control-Allow-Origin",
      "remove Access-Control-Allow-Credentials",
      "remove Access-Control-Expose-Headers",
      "add Vary Origin",
    ]);
  });

  it("says only that the answer varies where there is no Origin", () => {
    assert.deepEqual(steps(full, undefined), ["add Vary Origin"]);
  });

  it("answers any origin by *, which does not vary", () => {
    assert.deepEqual(steps({ ...none, allowOrigins: ["*"] }, "https://c.example"), [
      "set Access-Control-Allow-Origin *",
      "remove Access-Control-Allow-Credentials",
      "remove Access-Control-Expose-Headers",
    ]);
    assert.deepEqual(steps({ ...none, allowOrigins: ["*"] }, undefined), []);
  });

  it("never exposes * with credentials", () => {
    const cors = { ...full, exposeHeaders: ["*", "x-three"] };
    assert.ok(steps(cors, "https://www.a.example").includes("set Access-Control-Expose-Headers x-three"));
  });
});
