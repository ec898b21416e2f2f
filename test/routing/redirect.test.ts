import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { RequestRedirect } from "../../src/resources/http-route.ts";
import type { RedirectOrigin } from "../../src/routing/redirect.ts";
import { planRedirect, redirectLocation } from "../../src/routing/redirect.ts";
import { requestOf } from "./route-fixtures.ts";

type Redirect = Partial<RequestRedirect>;

const http80: RedirectOrigin = { scheme: "http", host: "10.0.0.1", port: 80 };
const http8080: RedirectOrigin = { ...http80, port: 8080 };
const https443: RedirectOrigin = { ...http80, scheme: "https", port: 443 };

interface Case {
  readonly redirect: Redirect;
  readonly origin?: RedirectOrigin;
  readonly target?: string;
  readonly host?: string;
  readonly prefix?: string;
  readonly expected: string;
}

function locationOf(c: Case): string | undefined {
  const plan = planRedirect({ statusCode: 302, ...c.redirect }, c.prefix ?? "/p");
  const request = requestOf(c.target ?? "/p", { host: c.host ?? "svc" });
  return plan === undefined ? undefined : redirectLocation(plan, request, c.origin ?? http80).location;
}

describe("redirectLocation", () => {
  const groups: Readonly<Record<string, readonly Case[]>> = {
    // MeshHTTPRouteRedirectHostAndStatus, MeshHTTPRouteSchemeRedirect, MeshHTTPRouteRedirectPort
    "host, scheme and port": [
      { redirect: {}, expected: "http://svc/p" },
      { redirect: { hostname: "other.example" }, expected: "http://other.example/p" },
      { redirect: { hostname: "" }, expected: "http://svc/p" },
      { redirect: { scheme: "https" }, expected: "https://svc/p" },
      { redirect: { port: 8083 }, expected: "http://svc:8083/p" },
      { redirect: { port: 8083, hostname: "other.example" }, expected: "http://other.example:8083/p" },
    ],
    // HTTPRouteRedirectPortAndScheme
    "the port, by scheme and port dialled": [
      { origin: http80, redirect: { port: 80 }, expected: "http://svc/p" },
      { origin: http80, redirect: { port: 8080 }, expected: "http://svc:8080/p" },
      { origin: http80, redirect: { scheme: "https", port: 443 }, expected: "https://svc/p" },
      { origin: http80, redirect: { scheme: "https", port: 8443 }, expected: "https://svc:8443/p" },
      { origin: http80, redirect: { port: 443 }, expected: "http://svc:443/p" },
      { origin: http8080, redirect: {}, expected: "http://svc:8080/p" },
      { origin: http8080, redirect: { port: 80 }, expected: "http://svc/p" },
      { origin: http8080, redirect: { scheme: "http" }, expected: "http://svc/p" },
      { origin: http8080, redirect: { scheme: "https" }, expected: "https://svc/p" },
      { origin: https443, redirect: {}, expected: "https://svc/p" },
      { origin: https443, redirect: { port: 443 }, expected: "https://svc/p" },
      { origin: https443, redirect: { port: 8443 }, expected: "https://svc:8443/p" },
      { origin: https443, redirect: { scheme: "http" }, expected: "http://svc/p" },
      { origin: https443, redirect: { scheme: "http", port: 80 }, expected: "http://svc/p" },
      { origin: https443, redirect: { scheme: "http", port: 8080 }, expected: "http://svc:8080/p" },
      { origin: http8080, redirect: { scheme: "gopher" }, expected: "gopher://svc:8080/p" },
    ],
    // MeshHTTPRouteRedirectPath
    path: [
      {
        redirect: { path: { kind: "ReplacePrefixMatch", value: "/new" } },
        target: "/p/lemon",
        expected: "http://svc/new/lemon",
      },
      {
        redirect: { path: { kind: "ReplaceFullPath", value: "/new" } },
        target: "/p/lemon",
        expected: "http://svc/new",
      },
      {
        redirect: { hostname: "other.example", path: { kind: "ReplacePrefixMatch", value: "/new" } },
        expected: "http://other.example/new",
      },
      { redirect: {}, target: "/p//a/../%2F", expected: "http://svc/p//a/../%2F" },
    ],
    "the request's query": [
      { redirect: {}, target: "/p?a=1&b=%20", expected: "http://svc/p?a=1&b=%20" },
      {
        redirect: { path: { kind: "ReplaceFullPath", value: "/new" } },
        target: "/p?a=1?2",
        expected: "http://svc/new?a=1?2",
      },
      { redirect: {}, target: "*", expected: "http://svc/" },
    ],
    "the request's host": [
      { redirect: {}, host: "svc.ns:8080", expected: "http://svc.ns/p" },
      { redirect: {}, host: "[fd00::1]:8080", expected: "http://[fd00::1]/p" },
      { redirect: {}, host: "", expected: "http://10.0.0.1/p" },
      { redirect: {}, host: "evil.example/", expected: "http://10.0.0.1/p" },
      { redirect: {}, host: "a@evil.example", expected: "http://10.0.0.1/p" },
      { redirect: {}, host: "", origin: { ...http80, host: "[fd00::2]" }, expected: "http://[fd00::2]/p" },
    ],
  };
  for (const [name, cases] of Object.entries(groups)) {
    describe(name, () => {
      for (const c of cases) {
        it(JSON.stringify(c), () => assert.equal(locationOf(c), c.expected));
      }
    });
  }

  // MeshHTTPRouteRedirectHostAndStatus, MeshHTTPRoute303/307/308Redirect
  for (const statusCode of [301, 302, 303, 307, 308] as const) {
    it(`answers ${statusCode}`, () => {
      const plan = planRedirect({ statusCode }, undefined);
      assert.equal(
        plan === undefined ? 0 : redirectLocation(plan, requestOf("/"), http80).status,
        statusCode,
      );
    });
  }

  it("has no plan for ReplacePrefixMatch without a prefix", () => {
    assert.equal(
      planRedirect({ statusCode: 302, path: { kind: "ReplacePrefixMatch", value: "/" } }, undefined),
      undefined,
    );
  });

  it("keeps within one line and its own host, whatever the Host header", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (host) => {
        const location = locationOf({ redirect: {}, host, expected: "" }) ?? "";
        assert.doesNotMatch(location, /[\s\\]/);
        assert.equal(new URL(location.replace(/^http:\/\/[^/]*/, "http://x")).pathname, "/p");
      }),
    );
  });
});
