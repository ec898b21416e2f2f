import assert from "node:assert/strict";
import { importsOf } from "./imports.ts";

describe("importsOf", () => {
  const cases = [
    { name: "a named import", source: 'import { a } from "./a.ts";', is: ["value ./a.ts"] },
    { name: "several lines", source: 'import {\n  a,\n  b,\n} from "./a.ts";', is: ["value ./a.ts"] },
    { name: "a default import", source: 'import assert from "node:assert";', is: ["value node:assert"] },
    { name: "types only", source: 'import type { A } from "./a.ts";', is: ["types ./a.ts"] },
    { name: "types among values", source: 'import { type A, b } from "./a.ts";', is: ["value ./a.ts"] },
    { name: "a default called type", source: 'import type from "./a.ts";', is: ["value ./a.ts"] },
    { name: "a side effect", source: 'import "./a.ts";', is: ["value ./a.ts"] },
    { name: "a re-export", source: 'export { a } from "./a.ts";', is: ["value ./a.ts again"] },
    { name: "a re-export of all", source: 'export * from "./a.ts";', is: ["value ./a.ts again"] },
    { name: "a re-exported type", source: 'export type { A } from "./a.ts";', is: ["types ./a.ts again"] },
    { name: "a call", source: 'const a = await import("./a.ts");', is: ["lazy ./a.ts"] },
    { name: "two calls on a line", source: 'f(import("a"), import("b"));', is: ["lazy a", "lazy b"] },
    { name: "a call in a comment", source: '  // as import("a") does\n  /** import("b") */', is: [] },
    { name: "an export of its own", source: 'export const a = "b";\nexport { a };', is: [] },
    { name: "the word from", source: 'export function f(from: string) {\n  return "x";\n}', is: [] },
  ];
  for (const c of cases) {
    it(`reads ${c.name}`, () => {
      const found = importsOf(c.source).map((i) => `${i.kind} ${i.specifier}${i.isReExport ? " again" : ""}`);
      assert.deepEqual(found, c.is);
    });
  }

  it("refuses a call whose module can't be told", () => {
    assert.throws(() => importsOf("await import(name);"), /no literal/);
  });
});
