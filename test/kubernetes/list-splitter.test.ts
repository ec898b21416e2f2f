import assert from "node:assert/strict";
import fc from "fast-check";
import { ListSplitter } from "../../src/kubernetes/list-splitter.ts";

interface Split {
  readonly items: (string | undefined)[];
  readonly rest: string | undefined;
}

function split(chunks: readonly Buffer[], maxBytes = 1_000_000): Split {
  const items: (string | undefined)[] = [];
  const splitter = new ListSplitter(maxBytes, (text) => items.push(text));
  for (const chunk of chunks) splitter.push(chunk);
  return { items, rest: splitter.end() };
}

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

const anyObject = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));

describe("ListSplitter", () => {
  it("yields the items and the rest of any list, wherever chunks end", () => {
    const list = fc.record({
      before: fc.dictionary(
        fc.constantFrom("kind", "metadata", "item", "itemss", '"items"'),
        fc.jsonValue({ maxDepth: 3 }),
      ),
      items: fc.array(anyObject),
      after: fc.dictionary(fc.constantFrom("apiVersion", "status", "x"), fc.jsonValue({ maxDepth: 3 })),
      indent: fc.constantFrom(0, 2),
    });
    fc.assert(
      fc.property(list, fc.array(fc.nat(5_000)), ({ before, items, after, indent }, places) => {
        const text = JSON.stringify({ ...before, items, ...after }, undefined, indent);
        const found = split(cut(Buffer.from(text), places));
        const parsed = found.items.map((item): unknown => JSON.parse(item ?? ""));
        assert.deepEqual(parsed, JSON.parse(JSON.stringify(items)));
        assert.deepEqual(
          JSON.parse(found.rest ?? ""),
          JSON.parse(JSON.stringify({ ...before, items: [], ...after })),
        );
      }),
      { numRuns: 150 },
    );
  });

  const others = [
    { name: "items that are null", text: '{"items":null,"metadata":{"resourceVersion":"1"}}' },
    { name: "items as a value", text: '{"kind":"items","list":[{"a":1}]}' },
    { name: "items further down", text: '{"metadata":{"items":[{"a":1}]}}' },
    { name: "an error", text: '{"kind":"Status","code":500}' },
    { name: "an array", text: '[{"items":[{}]}]' },
    { name: "no JSON", text: "<html>]}</html>" },
    { name: "nothing", text: "" },
  ];
  for (const { name, text } of others) {
    it(`takes ${name} for the rest`, () => {
      assert.deepEqual(split([Buffer.from(text)]), { items: [], rest: text });
    });
  }

  it("passes over items that are no objects", () => {
    assert.deepEqual(split([Buffer.from('{"items":[null,7,"{",{"a":[{}]}]}')]), {
      items: ['{"a":[{}]}'],
      rest: '{"items":[]}',
    });
  });

  it("yields undefined for an item over the limit, and goes on behind it", () => {
    const chunks = ['{"items":[{"a":1},{"a":"', "0123456789", "0123456789", '"},{"b":2}]}'];
    const { items } = split(
      chunks.map((text) => Buffer.from(text)),
      15,
    );
    assert.deepEqual(items, ['{"a":1}', undefined, '{"b":2}']);
  });

  it("yields no rest over the limit", () => {
    const chunks = ['{"items":[{"a":1}],"m":"', "0123456789", '"}'];
    const { items, rest } = split(
      chunks.map((text) => Buffer.from(text)),
      20,
    );
    assert.deepEqual(items, ['{"a":1}']);
    assert.equal(rest, undefined);
  });
});
