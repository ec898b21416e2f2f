import assert from "node:assert/strict";
import fc from "fast-check";
import type { BoundRule, Frontend } from "../../../src/binding/frontend.ts";
import { decodeFrontend } from "../../../src/discovery/encoding/decode-frontend.ts";
import { encodeFrontend } from "../../../src/discovery/encoding/encode-frontend.ts";
import {
  BackendRef,
  type Filter,
  Frontend as FrontendMessage,
  Match,
  PathMatch,
  RequestRedirect,
  Rule,
  UrlRewrite,
  ValueMatch,
} from "../../../src/discovery/generated/eastbound/discovery/v1/frontend.ts";
import { frontend } from "../arbitrary.ts";

const NAME = "10.96.0.1:80";
const none = new Uint8Array();
const plainMatch: Match = { ...Match.decode(none), path: { kind: { $case: "prefix", value: "/" } } };
const target = { kind: { $case: "backend", value: "shop/cart:80" } } as const;
const plainBackend: BackendRef = { ...BackendRef.decode(none), target, weight: 1 };

/** One field that no version knows, under a number that must not be passed over. */
const news = { _unknownFields: { [(60 << 3) | 0]: [Uint8Array.of(1)] } };
/** The same under a number that may be. */
const trifle = { _unknownFields: { [(100 << 3) | 0]: [Uint8Array.of(1)] } };

function message(of: Partial<FrontendMessage>): Uint8Array {
  const plain = { ...FrontendMessage.decode(none), namespace: "shop", service: "cart", protocol: 1 } as const;
  return FrontendMessage.encode({ ...plain, ...of }).finish();
}

function withRule(of: Partial<Rule>): Uint8Array {
  const rule = { ...Rule.decode(none), matches: [plainMatch], backends: [plainBackend], ...of };
  const route = { namespace: "shop", name: "route", rules: [rule] };
  return message({ routes: { kind: 1, consumerNamespace: "", routes: [route] } });
}

function decodedRule(of: Partial<Rule>): BoundRule {
  const result = decodeFrontend(NAME, withRule(of));
  assert.equal(result.kind, "ok", JSON.stringify(result));
  const rule = result.value.routes?.routes[0]?.rules[0];
  assert.ok(rule);
  return rule;
}

const unsupportedPath = (value: string): object => ({ kind: "Unsupported", field: "path", value });

describe("the encoding of Frontends", () => {
  it("gives back what it was given", () => {
    fc.assert(
      fc.property(frontend, (of) => {
        const result = decodeFrontend(of.name, encodeFrontend(of));
        assert.deepEqual(result, { kind: "ok", value: of });
      }),
      { numRuns: 1000 },
    );
  });

  it("gives the same bytes for the same content", () => {
    fc.assert(
      fc.property(frontend, (of) => {
        assert.deepEqual(encodeFrontend(structuredClone(of)), encodeFrontend(of));
      }),
    );
  });

  it("repeats nothing that the name says", () => {
    const opaque: Frontend = {
      name: NAME,
      address: "10.96.0.1",
      port: 80,
      service: { namespace: "shop", name: "cart" },
      protocol: "opaque",
      backend: "shop/cart:80",
    };
    assert.equal(encodeFrontend(opaque).length, 2 + 4 + 2 + 4 + 2);
  });

  describe("refuses", () => {
    const filter = (of: NonNullable<Filter["kind"]>): Uint8Array => withRule({ filters: [{ kind: of }] });
    const at = "routes.routes[0].rules[0]";
    const cases = [
      { name: "a name without brackets", resource: "::1:80", bytes: message({}), path: "name" },
      { name: "a name with brackets of IPv4", resource: "[10.0.0.1]:80", bytes: message({}), path: "name" },
      { name: "an address of another form", resource: "[0:0::1]:80", bytes: message({}), path: "name" },
      { name: "a mapped address", resource: "[::ffff:10.0.0.1]:80", bytes: message({}), path: "name" },
      { name: "port 0", resource: "10.0.0.1:0", bytes: message({}), path: "name" },
      { name: "port 70000", resource: "10.0.0.1:70000", bytes: message({}), path: "name" },
      { name: "no message", bytes: Uint8Array.of(255), path: "" },
      { name: "no service", bytes: message({ service: "" }), path: "service" },
      { name: "another backend that is none", bytes: message({ backend: "cart" }), path: "backend" },
      { name: "an unknown protocol", bytes: Uint8Array.of(10, 1, 97, 18, 1, 97, 24, 9), path: "protocol" },
      {
        name: "an unknown kind of route",
        bytes: message({ routes: { kind: 0, consumerNamespace: "", routes: [] } }),
        path: "routes.kind",
      },
      { name: "a field that must be known", bytes: message(news), path: "" },
      {
        name: "a field of routes that must be known",
        bytes: message({ routes: { kind: 1, consumerNamespace: "", routes: [], ...news } }),
        path: "routes",
      },
      { name: "no match", bytes: withRule({ matches: [] }), path: `${at}.matches` },
      {
        name: "a header that would be two",
        bytes: filter({
          $case: "requestHeaders",
          value: { set: [{ name: "a", value: "b\r\nc: d" }], add: [], remove: [] },
        }),
        path: `${at}.filters[0].requestHeaders.set[0].value`,
      },
      {
        name: "a mirrored share above one",
        bytes: filter({ $case: "mirror", value: { target, numerator: 3, denominator: 2 } }),
        path: `${at}.filters[0].mirror.numerator`,
      },
      {
        name: "a path that is none",
        bytes: withRule({ matches: [{ ...plainMatch, path: { kind: { $case: "exact", value: "x" } } }] }),
        path: `${at}.matches[0].path.exact`,
      },
      {
        name: "a time that no number holds",
        bytes: Uint8Array.of(42, 18, 26, 16, 26, 14, 48, ...Array<number>(9).fill(255), 1, 8, 1),
        path: "",
      },
    ];
    for (const { name, resource = NAME, bytes, path } of cases) {
      it(name, () => {
        const result = decodeFrontend(resource, bytes);
        assert.equal(result.kind, "invalid");
        assert.deepEqual(
          result.problems.map((problem) => problem.path),
          [path],
        );
      });
    }
  });

  describe("of a newer controller", () => {
    const unresolved = (what: string): object => ({
      kind: "Unresolved",
      message: `${what}, which this version of the proxy does not know`,
    });
    const redirect = { ...RequestRedirect.decode(none), statusCode: 301 };

    const filters: { name: string; filter: Filter; what: string }[] = [
      {
        name: "a filter of an unknown kind",
        filter: { kind: undefined, ...news },
        what: "the filter has field 60",
      },
      { name: "an empty filter", filter: { kind: undefined }, what: "the filter is empty" },
      {
        name: "a known filter with something new in it",
        filter: { kind: { $case: "redirect", value: { ...redirect, ...news } } },
        what: "the filter has field 60",
      },
      {
        name: "a redirect with another status",
        filter: { kind: { $case: "redirect", value: { ...redirect, statusCode: 300 } } },
        what: "redirect status 300",
      },
      {
        name: "a redirect to another scheme",
        filter: { kind: { $case: "redirect", value: { ...redirect, scheme: "ftp" } } },
        what: "scheme ftp",
      },
      {
        name: "a redirect with an empty path modifier",
        filter: { kind: { $case: "redirect", value: { ...redirect, path: { kind: undefined } } } },
        what: "the path modifier is empty",
      },
      {
        name: "a rewrite with an empty path modifier",
        filter: {
          kind: { $case: "rewrite", value: { ...UrlRewrite.decode(none), path: { kind: undefined } } },
        },
        what: "the path modifier is empty",
      },
    ];
    for (const { name, filter, what } of filters) {
      it(`does not skip ${name}`, () => {
        assert.deepEqual(decodedRule({ filters: [filter] }).filters, [unresolved(what)]);
        const backend = decodedRule({ backends: [{ ...plainBackend, filters: [filter] }] }).backends[0];
        assert.deepEqual(backend?.filters, [unresolved(what)]);
      });
    }

    it("closes a rule with something new in it", () => {
      assert.deepEqual(decodedRule(news).filters, [unresolved("the rule has field 60")]);
      const retry = { codes: [], attempts: 1, backoffMs: undefined, ...news };
      assert.deepEqual(decodedRule({ retry }).filters, [unresolved("the rule has field 60")]);
    });

    it("fails the share of a backend with something new in it", () => {
      const [backend] = decodedRule({ backends: [{ ...plainBackend, ...news }] }).backends;
      assert.deepEqual(backend?.filters, [unresolved("the backend has field 60")]);
      for (const unknown of [{ kind: undefined }, { ...target, ...news }]) {
        const [backend] = decodedRule({ backends: [{ ...plainBackend, target: unknown }] }).backends;
        assert.equal(backend?.target.kind, "Invalid");
      }
    });

    it("takes an unknown reason of an invalid backend for some reason", () => {
      const invalid = { kind: { $case: "invalid", value: { reason: 0, message: "why" } } } as const;
      const [backend] = decodedRule({ backends: [{ ...plainBackend, target: invalid }] }).backends;
      assert.deepEqual(backend?.target, { kind: "Invalid", reason: "InvalidKind", message: "why" });
    });

    const matches: { name: string; match: Match; path?: object; header?: object }[] = [
      {
        name: "something new",
        match: { ...plainMatch, ...news },
        path: { ...unsupportedPath("unknown (60)"), field: "match" },
      },
      {
        name: "a path of an unknown kind",
        match: { ...plainMatch, path: { ...PathMatch.decode(none), ...news } },
        path: unsupportedPath("unknown (60)"),
      },
      {
        name: "an empty path",
        match: { ...plainMatch, path: { kind: undefined } },
        path: unsupportedPath("unknown (empty)"),
      },
      {
        name: "a header of an unknown kind",
        match: { ...plainMatch, headers: [{ ...ValueMatch.decode(none), name: "a", ...news }] },
        header: { kind: "Unsupported", field: "value", value: "unknown (60)" },
      },
    ];
    for (const { name, match, path = { kind: "PathPrefix", value: "/" }, header } of matches) {
      it(`never matches ${name}`, () => {
        const [read] = decodedRule({ matches: [match] }).matches;
        assert.deepEqual(read?.path, path);
        assert.deepEqual(read?.headers, header === undefined ? [] : [header]);
      });
    }

    it("passes over fields that may be passed over", () => {
      const filter: Filter = { kind: { $case: "redirect", value: { ...redirect, ...trifle } }, ...trifle };
      const rule = decodedRule({
        matches: [{ ...plainMatch, ...trifle }],
        filters: [filter],
        backends: [],
        ...trifle,
      });
      assert.deepEqual(rule.filters, [{ kind: "RequestRedirect", redirect: { statusCode: 301 } }]);
      assert.deepEqual(rule.matches[0]?.path, { kind: "PathPrefix", value: "/" });
    });
  });

  it("survives hostile bytes", () => {
    fc.assert(
      fc.property(frontend, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), (of, edits) => {
        const bytes = Uint8Array.from(encodeFrontend(of));
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        const result = decodeFrontend(of.name, bytes);
        assert.ok(result.kind === "invalid" || result.value.name === of.name);
      }),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.string(), (bytes, name) => {
        assert.ok(["ok", "invalid"].includes(decodeFrontend(NAME, bytes).kind));
        assert.ok(["ok", "invalid"].includes(decodeFrontend(name, bytes).kind));
      }),
      { numRuns: 2000 },
    );
  });
});
