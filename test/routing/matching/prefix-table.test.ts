import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { PrefixEnd } from "../../../src/routing/matching/prefix-table.ts";
import { PrefixTable } from "../../../src/routing/matching/prefix-table.ts";

function tableOf(end: PrefixEnd, prefixes: readonly string[]): PrefixTable<string> {
  const table = new PrefixTable<string>(end);
  for (const prefix of prefixes) table.add(prefix, prefix);
  table.finish().forEach(() => undefined);
  return table;
}

/** Every prefix that a table gives for a path, in its order. */
function found(table: PrefixTable<string>, path: string): string[] {
  const prefixes: string[] = [];
  for (let group = table.find(path); group !== undefined; group = group.parent) prefixes.push(group.prefix);
  return prefixes;
}

function expected(end: PrefixEnd, prefixes: readonly string[], path: string): string[] {
  const isEnd = (length: number): boolean =>
    end === "anywhere" || length === 0 || length === path.length || path[length] === "/";
  return [...new Set(prefixes)]
    .filter((prefix) => path.startsWith(prefix) && isEnd(prefix.length))
    .sort((a, b) => b.length - a.length);
}

describe("PrefixTable", () => {
  const text = fc
    .array(fc.constantFrom("/", "a", "b", "/a", "/ab", "-"), { maxLength: 8 })
    .map((parts) => parts.join(""));
  const many = Array.from({ length: 50 }, (_, index) => `/filler/${index}`);

  for (const end of ["element", "anywhere"] as const) {
    it(`finds the same as a search through all of a few (${end})`, () => {
      fc.assert(
        fc.property(fc.array(text, { maxLength: 6 }), text, (prefixes, path) => {
          assert.deepEqual(found(tableOf(end, prefixes), path), expected(end, prefixes, path));
        }),
        { numRuns: 1000 },
      );
    });

    it(`finds the same as a search through all of many (${end})`, () => {
      fc.assert(
        fc.property(fc.array(text, { maxLength: 20 }), text, (some, path) => {
          const prefixes = [...some, ...many];
          assert.deepEqual(found(tableOf(end, prefixes), path), expected(end, prefixes, path));
        }),
        { numRuns: 1000 },
      );
    });
  }

  it("finds nothing in an empty table", () => {
    assert.equal(tableOf("element", []).find("/a"), undefined);
  });

  it("keeps apart prefixes of one hash", () => {
    // FNV-1a (32 bits) of both is 0xf00c09d8.
    const [first, second] = ["/ojycmn", "/mtmjs5"];
    const table = tableOf("element", [first, second, ...many]);
    assert.deepEqual(found(table, `${first}/x`), [first]);
    assert.deepEqual(found(table, `${second}/x`), [second]);
  });

  it("files entries of one prefix together, in the order of adding", () => {
    const table = new PrefixTable<number>("element");
    table.add("/a", 1);
    table.add("/a", 2);
    table.finish().forEach(() => undefined);
    assert.deepEqual(table.find("/a/b")?.entries, [1, 2]);
  });
});
