import assert from "node:assert/strict";
import { renderExplanation } from "../../../src/cli/explain/render-explanation.ts";
import { textStyle } from "../../../src/cli/explain/text-style.ts";
import { explained, meshOf, routeYaml, serviceYaml } from "./mesh.ts";

const plain = textStyle(false);
const cart = serviceYaml("cart", "10.96.1.1", "{ port: 80, name: http }");
const toCart = "backendRefs: [{ name: cart, port: 80 }]";

function render(
  yaml: string,
  words: Parameters<typeof explained>[1],
  problems: readonly string[] = [],
): string {
  return renderExplanation(explained({ ...meshOf(yaml), sourceProblems: problems }, words), plain);
}

const shown = [
  {
    name: "what a rule changes in the response of a redirect",
    rule: `{ filters: [
      { type: RequestRedirect, requestRedirect: { path: { type: ReplaceFullPath, replaceFullPath: /b } } },
      { type: ResponseHeaderModifier, responseHeaderModifier: { set: [{ name: X-A, value: "1" }], remove: [X-B] } }] }`,
    expected: /The rule\n {2}response header {2}set X-A: 1\n {2}response header {2}remove X-B\n/,
  },
  {
    name: "an origin that is allowed",
    rule: `{ ${toCart}, filters: [{ type: CORS, cors: { allowOrigins: ["http://a.example"] } }] }`,
    headers: ["Origin: http://a.example"],
    expected:
      /CORS {13}the origin is allowed\n +response header {2}set Access-Control-Allow-Origin: http:\/\/a\.example\n/i,
  },
  {
    name: "an origin that is not",
    rule: `{ ${toCart}, filters: [{ type: CORS, cors: { allowOrigins: ["http://a.example"] } }] }`,
    headers: ["Origin: http://b.example"],
    expected: /The rule\n {2}CORS {2}the origin is not allowed\n/,
  },
  {
    name: "that a rule is never tried again",
    rule: `{ ${toCart}, retry: { attempts: 0 } }`,
    expected: /retry {2}never, not even after a connection that failed\n/,
  },
  {
    name: "one more try",
    rule: `{ ${toCart}, retry: { attempts: 1 } }`,
    expected: /retry {2}up to 1 more try\n/,
  },
  {
    name: "headers that are not for a route to change",
    rule: `{ ${toCart}, filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: Connection, value: x }] } }] }`,
    expected: /ignored {2}changes of connection: not for a route to change\n/i,
  },
  {
    name: "the same of a backend's own filters",
    rule: `{ backendRefs: [{ name: cart, port: 80, filters: [{ type: RequestHeaderModifier, requestHeaderModifier: { set: [{ name: Connection, value: x }] } }] }] }`,
    expected: /shop\/cart:80\n +ignored {2}changes of connection: not for a route to change\n/i,
  },
  {
    name: "a host that is rewritten",
    rule: `{ ${toCart}, filters: [{ type: URLRewrite, urlRewrite: { hostname: a.example } }] }`,
    expected: /shop\/cart:80\n +host {2}cart → a\.example\n/,
  },
  {
    name: "a share that is redirected",
    rule: `{ backendRefs: [{ name: cart, port: 80, filters: [{ type: RequestRedirect, requestRedirect: { hostname: a.example } }] }] }`,
    expected: /shop\/cart:80\n +redirect {2}302 to http:\/\/a\.example\/\n$/m,
  },
  {
    name: "references without weight",
    rule: `{ backendRefs: [{ name: cart, port: 80 }, { name: cart, port: 80, weight: 0 }, { name: gone, port: 80, weight: 0 }] }`,
    expected:
      / {4}0 % {2}shop\/cart:80 {2}\(weight 0\)\n {4}0 % {2}Service shop\/gone does not exist {2}\(weight 0\)\n/,
  },
];

describe("renderExplanation", () => {
  for (const { name, rule, headers = [], expected } of shown) {
    it(`shows ${name}`, () => {
      assert.match(render(cart + routeYaml(rule), { url: "http://cart/", headers }), expected);
    });
  }

  it("lists thirty rules that don't match, and all that do", () => {
    const rules = Array.from(
      { length: 100 },
      (_, i) => `{ matches: [{ path: { value: ${i < 60 ? `/n${i}` : "/"} } }], ${toCart} }`,
    );
    const split = [
      rules.slice(0, 16),
      rules.slice(16, 32),
      rules.slice(32, 48),
      rules.slice(48, 64),
      rules.slice(64, 80),
    ];
    const routes = split.map((some, i) => routeYaml(some.join(",")).replace("name: routes", `name: r${i}`));
    const text = render(cart + routes.join(""), { url: "http://cart/" });
    assert.equal(text.match(/✘ no match/g)?.length, 30);
    assert.equal(text.match(/– outranked/g)?.length, 19);
    assert.match(text, / {2}and 30 more that do not match \(--json lists all\)\n/);
  });

  it("lists some of many endpoints and problems", () => {
    const addresses = Array.from({ length: 20 }, (_, i) => `{ addresses: [10.0.1.${i}] }`).join(",");
    const text = render(
      cart.replace("{ addresses: [10.0.0.1] }", addresses),
      { url: "http://cart/" },
      Array.from({ length: 12 }, (_, i) => `problem ${i}`),
    );
    assert.equal(text.match(/●/g)?.length, 8);
    assert.match(text, / {2}and 12 more \(--json lists all\)\n/);
    assert.match(text, / {2}! problem 9\n {2}and 2 more\n$/);
  });

  it("says what a client would see, in colours that can be taken away", () => {
    const explanation = explained(meshOf(cart + routeYaml(`{ ${toCart} }`)), { url: "http://cart/" });
    const coloured = renderExplanation(explanation, textStyle(true));
    assert.notEqual(coloured, renderExplanation(explanation, plain));
    // oxlint-disable-next-line no-control-regex -- These are what makes the colours.
    assert.equal(coloured.replaceAll(/\u001b\[\d+m/g, ""), renderExplanation(explanation, plain));
  });
});
