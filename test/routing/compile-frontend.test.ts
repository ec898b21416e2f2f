import assert from "node:assert/strict";
import type { BoundRule } from "../../src/binding/frontend.ts";
import type { CompiledFrontend } from "../../src/routing/compile-frontend.ts";
import { compileFrontend, compileFrontendInSteps } from "../../src/routing/compile-frontend.ts";
import { matchRequest } from "../../src/routing/match-request.ts";
import { exact, frontendOf, prefix, regex, requestOf, routeOf, ruleOf } from "./route-fixtures.ts";

function compile(rules: readonly BoundRule[]): CompiledFrontend {
  return compileFrontend(frontendOf([routeOf(rules)]));
}

describe("compileFrontend", () => {
  describe("the only rule", () => {
    const cases: readonly { name: string; rules: readonly BoundRule[]; expected: string | undefined }[] = [
      { name: "a match of everything", rules: [ruleOf("a")], expected: "a" },
      { name: "the first of two", rules: [ruleOf("a"), ruleOf("b")], expected: "a" },
      {
        name: "not beside a longer prefix",
        rules: [ruleOf("a"), ruleOf("b", { matches: [prefix("/b")] })],
        expected: undefined,
      },
      {
        name: "not beside an Exact path",
        rules: [ruleOf("a"), ruleOf("b", { matches: [exact("/")] })],
        expected: undefined,
      },
      {
        name: "not beside an expression",
        rules: [ruleOf("a"), ruleOf("b", { matches: [regex("/")] })],
        expected: undefined,
      },
      {
        name: "not below a method",
        rules: [ruleOf("a"), ruleOf("b", { matches: [{ method: "GET" }] })],
        expected: undefined,
      },
      {
        name: "not below a header",
        rules: [
          ruleOf("a"),
          ruleOf("b", { matches: [{ headers: [{ kind: "Exact", name: "x", value: "1" }] }] }),
        ],
        expected: undefined,
      },
      {
        name: "not below a query parameter",
        rules: [
          ruleOf("a"),
          ruleOf("b", { matches: [{ queryParams: [{ kind: "Exact", name: "x", value: "1" }] }] }),
        ],
        expected: undefined,
      },
      {
        name: "not one of a part of all paths",
        rules: [ruleOf("a", { matches: [prefix("/a")] })],
        expected: undefined,
      },
      { name: "not without a rule", rules: [], expected: undefined },
    ];
    for (const c of cases) {
      it(c.name, () => assert.equal(compile(c.rules).onlyRule?.labels.rule, c.expected));
    }
  });

  it("knows where clients dialled", () => {
    assert.deepEqual(compile([]).origin, { scheme: "http", host: "10.0.0.1", port: 80 });
    const ipv6 = compileFrontend({ ...frontendOf(undefined), address: "fd00::1", port: 8080 });
    assert.deepEqual(ipv6.origin, { scheme: "http", host: "[fd00::1]", port: 8080 });
  });
});

describe("compileFrontendInSteps", () => {
  const kinds = [prefix, exact, regex];
  const rules = Array.from({ length: 3000 }, (_, index) =>
    ruleOf(`r${index}`, { matches: [(kinds[index % 3] ?? prefix)(`/path/${index}`)] }),
  );

  it("pauses after every few dozen matches", () => {
    let steps = 0;
    for (const _ of compileFrontendInSteps(frontendOf([routeOf(rules)]))) steps += 1;
    assert.ok(steps > 3000 / 64, `${steps} steps`);
  });

  it("compiles a small frontend in one step", () => {
    assert.equal(compileFrontendInSteps(frontendOf([routeOf(rules.slice(0, 9))])).next().done, true);
  });

  it("finds each of thousands of rules", () => {
    const compiled = compile(rules);
    for (let index = 0; index < rules.length; index += 1) {
      assert.equal(matchRequest(compiled, requestOf(`/path/${index}`))?.labels.rule, `r${index}`);
    }
  });
});
