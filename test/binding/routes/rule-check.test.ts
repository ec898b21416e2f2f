import assert from "node:assert/strict";
import { checkRule } from "../../../src/binding/routes/rule-check.ts";
import type {
  HttpRouteFilter,
  HttpRouteMatch,
  HttpRouteRule,
  PathModifier,
  Unsupported,
} from "../../../src/resources/http-route.ts";
import { reference, rule } from "../build.ts";

const headers = { set: [], add: [], remove: [] };
const modifier: HttpRouteFilter = { kind: "RequestHeaderModifier", headers };
const responseModifier: HttpRouteFilter = { kind: "ResponseHeaderModifier", headers };
const mirror: HttpRouteFilter = {
  kind: "RequestMirror",
  backendRef: reference(),
  fraction: { numerator: 1, denominator: 1 },
};
const extension: HttpRouteFilter = {
  kind: "ExtensionRef",
  group: "example.com",
  refKind: "Auth",
  name: "a",
};
const externalAuth: HttpRouteFilter = { kind: "ExternalAuth" };
const unknownFilter: HttpRouteFilter = { kind: "Unsupported", field: "filters[0].type", value: "RateLimit" };
const cors: HttpRouteFilter = {
  kind: "CORS",
  cors: {
    allowOrigins: [],
    allowMethods: [],
    allowHeaders: [],
    exposeHeaders: [],
    allowCredentials: false,
    maxAgeSeconds: 5,
  },
};
const replacePrefix: PathModifier = { kind: "ReplacePrefixMatch", value: "/new" };
const redirect = (path?: PathModifier): HttpRouteFilter => ({
  kind: "RequestRedirect",
  redirect: { statusCode: 302, ...(path && { path }) },
});
const rewrite = (path?: PathModifier): HttpRouteFilter => ({
  kind: "URLRewrite",
  rewrite: { ...(path && { path }) },
});
const backend = (...filters: readonly HttpRouteFilter[]) => ({ ref: reference(), weight: 1, filters });
const match = (of: Partial<HttpRouteMatch> = {}): HttpRouteMatch => ({
  path: { kind: "PathPrefix", value: "/" },
  headers: [],
  queryParams: [],
  ...of,
});
const unsupported = (field: string): Unsupported => ({ kind: "Unsupported", field, value: "Glob" });
const regex = (value: string) => ({ kind: "RegularExpression", value }) as const;

describe("checkRule", () => {
  const fine: readonly { name: string; rule: Partial<HttpRouteRule> }[] = [
    { name: "without filters and backends", rule: {} },
    { name: "with each filter once", rule: { filters: [modifier, responseModifier, rewrite(), cors] } },
    {
      name: "with several mirrors",
      rule: { filters: [mirror, mirror], backendRefs: [backend(mirror, mirror)] },
    },
    {
      name: "with an ExtensionRef",
      rule: { filters: [extension, extension], backendRefs: [backend(extension)] },
    },
    {
      name: "with the same filter on the rule and on its backends",
      rule: { filters: [modifier], backendRefs: [backend(modifier), backend(modifier)] },
    },
    { name: "with a redirect and no backends", rule: { filters: [redirect(replacePrefix)] } },
    { name: "with a redirect on a backend", rule: { backendRefs: [backend(redirect())] } },
    { name: "that replaces the one prefix it matches", rule: { filters: [rewrite(replacePrefix)] } },
    {
      name: "that replaces whole paths, whatever it matches",
      rule: {
        matches: [match(), match({ path: { kind: "Exact", value: "/a" } })],
        filters: [rewrite({ kind: "ReplaceFullPath", value: "/b" })],
      },
    },
    {
      name: "with regular expressions",
      rule: {
        matches: [
          match({
            path: regex("/a+"),
            headers: [{ name: "h", ...regex("b|c") }],
            queryParams: [{ name: "q", ...regex("[d]") }],
          }),
        ],
      },
    },
  ];
  for (const c of fine) {
    it(`finds nothing wrong with a rule ${c.name}`, () => assert.equal(checkRule(rule(c.rule)), undefined));
  }

  const unknownMatches: readonly { rule: Partial<HttpRouteRule>; message: RegExp }[] = [
    {
      rule: { matches: [match(), match({ path: unsupported("matches[1].path.type") })] },
      message: /^matches\[1\]\.path\.type: "Glob" is not supported$/u,
    },
    {
      rule: { matches: [match({ headers: [unsupported("matches[0].headers[0].type")] })] },
      message: /^matches\[0\]\.headers\[0\]\.type: "Glob" is not supported$/u,
    },
    {
      rule: { matches: [match({ queryParams: [unsupported("matches[0].queryParams[0].type")] })] },
      message: /^matches\[0\]\.queryParams\[0\]\.type: "Glob" is not supported$/u,
    },
    {
      rule: { matches: [match({ path: regex("/a(") })] },
      message: /^matches\[0\]\.path: "\/a\(" is not a regular expression: ./u,
    },
    {
      rule: { matches: [match(), match({ headers: [{ name: "h", ...regex("*") }] })] },
      message: /^matches\[1\], "h": "\*" is not a regular expression: ./u,
    },
    {
      rule: { matches: [match({ queryParams: [{ name: "q", ...regex("[") }] })] },
      message: /^matches\[0\], "q": "\[" is not a regular expression: ./u,
    },
    {
      rule: { matches: [match({ path: unsupported("p") })], filters: [externalAuth, redirect(), rewrite()] },
      message: /^p: "Glob" is not supported$/u,
    },
  ];
  for (const c of unknownMatches) {
    it(`drops a rule whose match is unknown: ${c.message.source}`, () => {
      const fault = checkRule(rule(c.rule));
      assert.equal(fault?.reason, "UnsupportedValue");
      assert.equal(fault.effect, "drop");
      assert.match(fault.message, c.message);
    });
  }

  const exclude = "RequestRedirect and URLRewrite exclude each other";
  const needsPrefix = "ReplacePrefixMatch needs exactly one match, of type PathPrefix";
  const incompatible: readonly { rule: Partial<HttpRouteRule>; message: string }[] = [
    { rule: { filters: [redirect(), rewrite()] }, message: `filters: ${exclude}` },
    {
      rule: { backendRefs: [backend(), backend(rewrite(), redirect())] },
      message: `backendRefs[1].filters: ${exclude}`,
    },
    {
      rule: { filters: [redirect()], backendRefs: [backend()] },
      message: "filters: RequestRedirect excludes backendRefs",
    },
    ...[modifier, responseModifier, redirect(), rewrite(), cors].map((filter) => ({
      rule: { filters: [filter, mirror, filter] },
      message: `filters: ${filter.kind} is there twice`,
    })),
    {
      rule: { backendRefs: [backend(modifier, modifier)] },
      message: "backendRefs[0].filters: RequestHeaderModifier is there twice",
    },
    {
      rule: { matches: [match(), match()], filters: [rewrite(replacePrefix)] },
      message: `filters: ${needsPrefix}`,
    },
    {
      rule: { matches: [match({ path: { kind: "Exact", value: "/" } })], filters: [redirect(replacePrefix)] },
      message: `filters: ${needsPrefix}`,
    },
    {
      rule: { matches: [match({ path: regex("/.*") })], backendRefs: [backend(rewrite(replacePrefix))] },
      message: `backendRefs[0].filters: ${needsPrefix}`,
    },
  ];
  for (const [index, c] of incompatible.entries()) {
    it(`drops a rule of filters that don't go together (${index}): ${c.message}`, () => {
      const fault = { reason: "IncompatibleFilters", message: c.message, effect: "drop" };
      assert.deepEqual(checkRule(rule(c.rule)), fault);
    });

    for (const filter of [extension, externalAuth, unknownFilter]) {
      it(`closes it where it also holds a filter of kind ${filter.kind} (${index})`, () => {
        const filters = [...(c.rule.filters ?? []), filter];
        assert.deepEqual(checkRule(rule({ ...c.rule, filters })), {
          reason: "IncompatibleFilters",
          message: `${c.message}; its requests are answered 500`,
          effect: "close",
        });
      });
    }
  }

  const inapplicable: readonly { rule: Partial<HttpRouteRule>; message: string }[] = [
    { rule: { filters: [modifier, externalAuth] }, message: 'filters[1]: "ExternalAuth"' },
    { rule: { filters: [unknownFilter] }, message: 'filters[0].type: "RateLimit"' },
    {
      rule: { backendRefs: [backend(), backend(mirror, externalAuth)] },
      message: 'backendRefs[1].filters[1]: "ExternalAuth"',
    },
  ];
  for (const c of inapplicable) {
    it(`keeps a rule whose filter can't be applied: ${c.message}`, () => {
      assert.deepEqual(checkRule(rule(c.rule)), {
        reason: "UnsupportedValue",
        message: `${c.message} is not supported; its requests are answered 500`,
        effect: "keep",
      });
    });
  }
});
