import assert from "node:assert/strict";
import { OutBuffer } from "../../src/http1/out-buffer.ts";

const text = (out: OutBuffer) => out.view().toString("latin1");

describe("OutBuffer", () => {
  for (const size of [0, 1, 31, 32, 33, 10_000]) {
    it(`appends ${size} bytes behind others, and grows`, () => {
      const out = new OutBuffer(4);
      const source = Buffer.from(`<${"b".repeat(size)}>`);
      out.latin1("a");
      out.bytes(source, 1, 1 + size);
      out.latin1("c".repeat(size));
      assert.equal(text(out), `a${"b".repeat(size)}${"c".repeat(size)}`);
      assert.equal(out.length, 1 + 2 * size);
    });
  }

  it("keeps its memory when it is reset", () => {
    const out = new OutBuffer(16);
    const { buffer } = out;
    out.latin1("abc");
    out.reset();
    out.latin1("d");
    assert.equal(out.buffer, buffer);
    assert.equal(text(out), "d");
  });

  it("makes room without changing what is there", () => {
    const out = new OutBuffer(2);
    out.latin1("ab");
    out.reserve(1_000);
    assert.ok(out.buffer.length >= 1_002);
    assert.equal(text(out), "ab");
  });

  const values: readonly (readonly [string, string])[] = [
    ["plain", "plain"],
    ["a\tb c~", "a\tb c~"],
    ["a\r\nb\0\x7f", "a??b??"],
    ["\u010d\u010a", "\xc4\x8d\xc4\x8a"],
    ["é\r", "\xc3\xa9?"],
  ];
  for (const [value, is] of values) {
    it(`writes the field value ${JSON.stringify(value)} so that it stays one`, () => {
      const out = new OutBuffer(1);
      out.fieldValue(value);
      assert.equal(text(out), is);
    });
  }

  const targets: readonly (readonly [string, string])[] = [
    ["/a?b=%20", "/a?b=%20"],
    ["/a b", "/a%20b"],
    ["/č", "/%C4%8D"],
    ["/a#b\r\n", "/a%23b%0D%0A"],
    ["/\u{1f600}x", "/%F0%9F%98%80x"],
  ];
  for (const [target, is] of targets) {
    it(`writes the target ${JSON.stringify(target)} so that it stays one`, () => {
      const out = new OutBuffer(1);
      out.target(target);
      assert.equal(text(out), is);
    });
  }
});
