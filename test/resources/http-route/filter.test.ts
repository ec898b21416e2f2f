import assert from "node:assert/strict";
import type { HttpRouteFilter } from "../../../src/resources/http-route.ts";
import { filterOf, filterProblems, ruleOf } from "./route-input.ts";

const service = { group: "", kind: "Service", name: "copy", port: 80 };

const good: readonly { name: string; filter: object; expect: HttpRouteFilter }[] = [
  {
    name: "a redirect that says nothing",
    filter: { type: "RequestRedirect", requestRedirect: {} },
    expect: { kind: "RequestRedirect", redirect: { statusCode: 302 } },
  },
  {
    name: "every field of a redirect",
    filter: {
      type: "RequestRedirect",
      requestRedirect: {
        scheme: "https",
        hostname: "example.com",
        port: 8443,
        statusCode: 308,
        path: { type: "ReplaceFullPath", replaceFullPath: "/new?a=b#c" },
      },
    },
    expect: {
      kind: "RequestRedirect",
      redirect: {
        scheme: "https",
        hostname: "example.com",
        port: 8443,
        statusCode: 308,
        path: { kind: "ReplaceFullPath", value: "/new?a=b#c" },
      },
    },
  },
  {
    name: "a rewrite that says nothing",
    filter: { type: "URLRewrite", urlRewrite: {} },
    expect: { kind: "URLRewrite", rewrite: {} },
  },
  {
    name: "a rewrite that drops the matched prefix",
    filter: {
      type: "URLRewrite",
      urlRewrite: { hostname: "a.b", path: { type: "ReplacePrefixMatch", replacePrefixMatch: "" } },
    },
    expect: {
      kind: "URLRewrite",
      rewrite: { hostname: "a.b", path: { kind: "ReplacePrefixMatch", value: "" } },
    },
  },
  {
    name: "a mirror of every request",
    filter: { type: "RequestMirror", requestMirror: { backendRef: { name: "copy", port: 80 } } },
    expect: { kind: "RequestMirror", backendRef: service, fraction: { numerator: 100, denominator: 100 } },
  },
  {
    name: "a mirror of some percent",
    filter: { type: "RequestMirror", requestMirror: { backendRef: service, percent: 0 } },
    expect: { kind: "RequestMirror", backendRef: service, fraction: { numerator: 0, denominator: 100 } },
  },
  {
    name: "a mirror of a fraction",
    filter: {
      type: "RequestMirror",
      requestMirror: { backendRef: service, fraction: { numerator: 1, denominator: 3 } },
    },
    expect: { kind: "RequestMirror", backendRef: service, fraction: { numerator: 1, denominator: 3 } },
  },
  {
    name: "a mirror of a fraction of 100",
    filter: { type: "RequestMirror", requestMirror: { backendRef: service, fraction: { numerator: 100 } } },
    expect: { kind: "RequestMirror", backendRef: service, fraction: { numerator: 100, denominator: 100 } },
  },
  {
    name: "an authorisation by another service",
    filter: {
      type: "ExternalAuth",
      externalAuth: { protocol: "GRPC", backendRef: service, grpc: {}, forwardBody: { maxSize: 1 } },
    },
    expect: { kind: "ExternalAuth" },
  },
  {
    name: "a reference to an extension",
    filter: { type: "ExtensionRef", extensionRef: { group: "example.com", kind: "Delay", name: "slow" } },
    expect: { kind: "ExtensionRef", group: "example.com", refKind: "Delay", name: "slow" },
  },
];

const unsupported: readonly { filter: object; field: string; value: string }[] = [
  { filter: { type: "Delay", delay: {} }, field: "filters[0].type", value: "Delay" },
  { filter: { type: "constructor" }, field: "filters[0].type", value: "constructor" },
  {
    filter: { type: "RequestRedirect", requestRedirect: { scheme: "ftp" } },
    field: "filters[0].requestRedirect.scheme",
    value: "ftp",
  },
  {
    filter: { type: "RequestRedirect", requestRedirect: { statusCode: 304 } },
    field: "filters[0].requestRedirect.statusCode",
    value: "304",
  },
  {
    filter: { type: "RequestRedirect", requestRedirect: { path: { type: "ReplaceRegex" } } },
    field: "filters[0].requestRedirect.path.type",
    value: "ReplaceRegex",
  },
  {
    filter: { type: "URLRewrite", urlRewrite: { path: { type: "ReplaceRegex" } } },
    field: "filters[0].urlRewrite.path.type",
    value: "ReplaceRegex",
  },
];

const bad: readonly { name: string; filter: unknown; problems: readonly string[] }[] = [
  { name: "no object", filter: "CORS", problems: ["filters[0]: must be an object, not a string"] },
  { name: "no type", filter: {}, problems: ["type: is required"] },
  {
    name: "a type without its settings",
    filter: { type: "URLRewrite" },
    problems: ["urlRewrite: is required"],
  },
  {
    name: "settings of another type",
    filter: { type: "URLRewrite", urlRewrite: {}, cors: {}, requestMirror: {} },
    problems: [
      "requestMirror: must not be set in a filter of type URLRewrite",
      "cors: must not be set in a filter of type URLRewrite",
    ],
  },
  {
    name: "a redirect that is wrong in all parts",
    filter: {
      type: "RequestRedirect",
      requestRedirect: {
        scheme: 1,
        hostname: "a:80",
        port: 0,
        statusCode: 99,
        path: { type: "ReplaceFullPath", replacePrefixMatch: "/a" },
      },
    },
    problems: [
      "requestRedirect.scheme: must be a string, not a number",
      "requestRedirect.statusCode: must be between 100 and 999, not 99",
      "requestRedirect.path.replacePrefixMatch: must not be set where the type is ReplaceFullPath",
      "requestRedirect.path.replaceFullPath: is required",
      'requestRedirect.hostname: must be a lower-case host name without a port, not "a:80"',
      "requestRedirect.port: must be between 1 and 65535, not 0",
    ],
  },
  {
    name: "paths that would break a request line",
    filter: {
      type: "URLRewrite",
      urlRewrite: { path: { type: "ReplaceFullPath", replaceFullPath: "/a HTTP/1.1\r\nHost: b" } },
    },
    problems: [
      "urlRewrite.path.replaceFullPath: must be empty or begin with / and have visible ASCII characters only, " +
        'not "/a HTTP/1.1\\r\\nHost: b"',
    ],
  },
  {
    name: "paths that are relative",
    filter: {
      type: "URLRewrite",
      urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "a" } },
    },
    problems: [
      'urlRewrite.path.replacePrefixMatch: must be empty or begin with / and have visible ASCII characters only, not "a"',
    ],
  },
  {
    name: "a mirror with two shares",
    filter: {
      type: "RequestMirror",
      requestMirror: { backendRef: service, percent: 1, fraction: { numerator: 1 } },
    },
    problems: ["requestMirror.fraction: must not be set together with percent"],
  },
  {
    name: "a mirror with wrong shares",
    filter: { type: "RequestMirror", requestMirror: { percent: 101 } },
    problems: [
      "requestMirror.backendRef: is required",
      "requestMirror.percent: must be between 0 and 100, not 101",
    ],
  },
  {
    name: "a fraction above one",
    filter: {
      type: "RequestMirror",
      requestMirror: { backendRef: service, fraction: { numerator: 101, denominator: 100 } },
    },
    problems: ["requestMirror.fraction.numerator: must not be above the denominator 100"],
  },
  {
    name: "a fraction of nothing",
    filter: { type: "RequestMirror", requestMirror: { backendRef: service, fraction: { denominator: 0 } } },
    problems: [
      "requestMirror.fraction.numerator: is required",
      "requestMirror.fraction.denominator: must be between 1 and 2147483647, not 0",
    ],
  },
  {
    name: "an authorisation by nobody",
    filter: { type: "ExternalAuth", externalAuth: {} },
    problems: ["externalAuth.protocol: is required", "externalAuth.backendRef: is required"],
  },
  {
    name: "a reference to nothing",
    filter: { type: "ExtensionRef", extensionRef: {} },
    problems: [
      "extensionRef.group: is required",
      "extensionRef.kind: is required",
      "extensionRef.name: is required",
    ],
  },
];

describe("a filter", () => {
  for (const { name, filter, expect } of good) {
    it(`may be ${name}`, () => assert.deepEqual(filterOf(filter), expect));
  }
  for (const { filter, field, value } of unsupported) {
    it(`may have an unsupported ${field}: ${value}`, () => {
      assert.deepEqual(filterOf(filter), { kind: "Unsupported", field, value });
    });
  }
  for (const { name, filter, problems } of bad) {
    it(`can't be ${name}`, () => assert.deepEqual(filterProblems(filter), problems));
  }

  it("may stand beside any other, which is for binding to judge", () => {
    const redirect = { type: "RequestRedirect", requestRedirect: {} };
    const rewrite = { type: "URLRewrite", urlRewrite: {} };
    const rule = ruleOf({ filters: [redirect, rewrite, redirect], backendRefs: [{ name: "a", port: 1 }] });
    assert.deepEqual(
      rule.filters.map((filter) => filter.kind),
      ["RequestRedirect", "URLRewrite", "RequestRedirect"],
    );
  });
});
