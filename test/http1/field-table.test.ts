import assert from "node:assert/strict";
import type { FieldTable } from "../../src/http1/field-table.ts";
import { KnownField, knownFieldAt, knownFieldNames } from "../../src/http1/known-fields.ts";
import { DEFAULT_HTTP1_LIMITS } from "../../src/http1/limits.ts";
import { ParserEvent } from "../../src/http1/parser-event.ts";
import { RequestParser } from "../../src/http1/request-parser.ts";

function tableOf(...fields: readonly string[]): FieldTable {
  const parser = new RequestParser(DEFAULT_HTTP1_LIMITS);
  const bytes = Buffer.from(["GET / HTTP/1.1", "Host: h", ...fields, "", ""].join("\r\n"), "latin1");
  parser.feed(bytes, 0, bytes.length);
  assert.equal(parser.next(), ParserEvent.Head);
  return parser.head.fields;
}

describe("FieldTable", () => {
  it("finds fields whatever the case of their names", () => {
    const table = tableOf("X-One: 1", "x-two: 2", "X-ONE: 3");
    assert.equal(table.count, 4);
    assert.equal(table.indexOf("x-one"), 1);
    assert.equal(table.indexOf("x-one", 2), 3);
    assert.equal(table.indexOf("x-three"), -1);
    assert.equal(table.has("x-two"), true);
    assert.equal(table.has("x-tw"), false);
    assert.equal(table.indexOfKnown(KnownField.Host), 0);
    assert.equal(table.indexOfKnown(KnownField.Te), -1);
    assert.equal(table.nameAt(3), "X-ONE");
    assert.equal(table.valueAt(3), "3");
  });

  it("joins the values of a name that repeats (RFC 9110 5.3)", () => {
    const table = tableOf("A: 1", "a: 2,3", "A:", "Cookie: a=b", "cookie: c=d", "B: \xe9");
    assert.equal(table.valueOf("a"), "1,2,3,");
    assert.equal(table.valueOf("cookie"), "a=b; c=d");
    assert.equal(table.valueOf("b"), "\xe9");
    assert.equal(table.valueOf("c"), undefined);
  });

  it("grows with the number of fields", () => {
    const table = tableOf(...Array.from({ length: 150 }, (_, index) => `x-${index}: ${index}`));
    assert.equal(table.count, 151);
    assert.equal(table.valueOf("x-149"), "149");
    assert.equal(table.valueOf("x-0"), "0");
  });

  it("tells plain lines from others", () => {
    const table = tableOf("A: b", "A:b", "A:  b", "A: b ", "A:\tb", "A:", "A: ");
    const isPlain = Array.from({ length: table.count }, (_, index) => table.isPlainLine(index));
    assert.deepEqual(isPlain, [true, true, true, false, false, false, true, true]);
  });
});

describe("knownFieldAt", () => {
  it("knows its names in any case, and nothing else", () => {
    for (const [name, id] of knownFieldNames()) {
      for (const spelled of [name, name.toUpperCase()]) {
        const bytes = Buffer.from(`<${spelled}>`);
        assert.equal(knownFieldAt(bytes, 1, 1 + name.length), id, spelled);
      }
      for (const other of [
        `${name}x`,
        name.slice(1),
        `${name.slice(0, -1)}_`,
        name.replace(/.(.)$/, "!$1"),
      ]) {
        assert.equal(knownFieldAt(Buffer.from(other), 0, other.length), KnownField.Other, other);
      }
    }
    assert.equal(knownFieldAt(Buffer.alloc(300, "x"), 0, 300), KnownField.Other);
  });
});
