import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { PathModifier } from "../../src/resources/http-route.ts";
import { planPath, planRewrite, rewritePath } from "../../src/routing/rewrite-path.ts";

function rewritten(modifier: PathModifier, prefix: string | undefined, path: string): string | undefined {
  const plan = planPath(modifier, prefix);
  return plan === undefined ? undefined : rewritePath(plan, path);
}

describe("rewritePath", () => {
  describe("ReplacePrefixMatch", () => {
    const cases: readonly { path: string; prefix: string; replacement: string; expected: string }[] = [
      // The API's own table, with other names.
      { path: "/old/x", prefix: "/old", replacement: "/new", expected: "/new/x" },
      { path: "/old/x", prefix: "/old", replacement: "/new/", expected: "/new/x" },
      { path: "/old/x", prefix: "/old/", replacement: "/new", expected: "/new/x" },
      { path: "/old/x", prefix: "/old/", replacement: "/new/", expected: "/new/x" },
      { path: "/old", prefix: "/old", replacement: "/new", expected: "/new" },
      { path: "/old/", prefix: "/old", replacement: "/new", expected: "/new/" },
      { path: "/old/x", prefix: "/old", replacement: "", expected: "/x" },
      { path: "/old/", prefix: "/old", replacement: "", expected: "/" },
      { path: "/old", prefix: "/old", replacement: "", expected: "/" },
      { path: "/old/", prefix: "/old", replacement: "/", expected: "/" },
      { path: "/old", prefix: "/old", replacement: "/", expected: "/" },
      // MeshHTTPRouteRewritePath
      { path: "/pre/one/two", prefix: "/pre/one", replacement: "/one", expected: "/one/two" },
      { path: "/strip", prefix: "/strip", replacement: "/", expected: "/" },
      { path: "/strip/a", prefix: "/strip", replacement: "/", expected: "/a" },
      // Beyond the table.
      { path: "/x", prefix: "/", replacement: "/new", expected: "/new/x" },
      { path: "/", prefix: "/", replacement: "/new", expected: "/new/" },
      { path: "/", prefix: "/", replacement: "/", expected: "/" },
      { path: "/old//x/../y%2F", prefix: "/old", replacement: "/new", expected: "/new//x/../y%2F" },
      { path: "/old/x", prefix: "/old", replacement: "new", expected: "/new/x" },
      { path: "*", prefix: "/", replacement: "/new", expected: "*" },
    ];
    for (const c of cases) {
      it(`${c.path} with ${c.prefix} by "${c.replacement}" → ${c.expected}`, () => {
        const modifier: PathModifier = { kind: "ReplacePrefixMatch", value: c.replacement };
        assert.equal(rewritten(modifier, c.prefix, c.path), c.expected);
      });
    }

    it("has no plan without a prefix", () => {
      const modifier: PathModifier = { kind: "ReplacePrefixMatch", value: "/new" };
      assert.equal(planPath(modifier, undefined), undefined);
      assert.equal(planRewrite({ hostname: "h", path: modifier }, undefined), undefined);
    });
  });

  describe("ReplaceFullPath", () => {
    const cases: readonly { path: string; value: string; expected: string }[] = [
      { path: "/full/one/two", value: "/one", expected: "/one" },
      { path: "/", value: "/one/", expected: "/one/" },
      { path: "/x", value: "", expected: "/" },
      { path: "/x", value: "one", expected: "/one" },
      { path: "*", value: "/one", expected: "*" },
      { path: "/x", value: "/%2F%zz", expected: "/%2F%zz" },
      { path: "/x", value: "/a b\r\nX: y", expected: "/a%20b%0D%0AX:%20y" },
      { path: "/x", value: "/a?b#c", expected: "/a%3Fb%23c" },
      { path: "/x", value: '/"<>\\^`{|}[]', expected: "/%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D" },
      { path: "/x", value: "/ü", expected: "/%C3%BC" },
      { path: "/x", value: "/\ud800", expected: "/%EF%BF%BD" },
    ];
    for (const c of cases) {
      it(`${c.path} by ${JSON.stringify(c.value)} → ${c.expected}`, () => {
        assert.equal(rewritten({ kind: "ReplaceFullPath", value: c.value }, undefined, c.path), c.expected);
      });
    }
  });

  it("keeps the path where nothing replaces it", () => {
    const plan = planRewrite({ hostname: "other.example" }, "/a");
    assert.deepEqual(plan, { host: "other.example", path: { kind: "keep" } });
    assert.equal(plan === undefined ? "" : rewritePath(plan.path, "/a/b"), "/a/b");
  });

  it("always gives a path that is safe in a request line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom("/a", "/a/", "/a/b"), (value, path) => {
        for (const kind of ["ReplaceFullPath", "ReplacePrefixMatch"] as const) {
          assert.match(rewritten({ kind, value }, "/a", path) ?? "", /^\/[!$%&'()*+,\-./0-9:;=@A-Z_a-z~]*$/);
        }
      }),
    );
  });
});
