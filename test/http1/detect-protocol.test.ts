import assert from "node:assert/strict";
import { type DetectedProtocol, protocolOf } from "../../src/http1/detect-protocol.ts";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

describe("protocolOf", () => {
  const cases: readonly (readonly [string, DetectedProtocol])[] = [
    ["", "need-more"],
    ["G", "need-more"],
    ["GET", "need-more"],
    ["GET ", "http1"],
    ["GET / HTTP/1.1\r\n", "http1"],
    ["GET\t/", "http1"],
    ["CONNECT h:80", "http1"],
    ["VERSION-CONTROL /x", "http1"],
    ["get /x", "http1"],
    ["FROB /x", "http1"],
    ["FROB * HTTP/1.1", "http1"],
    ["FROB http://h/", "http1"],
    ["FROB", "need-more"],
    ["FROB ", "need-more"],
    ["FROB http:", "need-more"],
    ["FROB http:x", "unknown"],
    [`${"A".repeat(32)} /`, "http1"],
    ["A".repeat(32), "need-more"],
    ["A".repeat(33), "unknown"],
    [`${"A".repeat(33)} /`, "unknown"],
    ["\r", "need-more"],
    ["\r\n", "need-more"],
    ["\r\nGET /", "http1"],
    [PREFACE, "http2"],
    [`${PREFACE}\0\0\0`, "http2"],
    [PREFACE.slice(0, -1), "need-more"],
    ["P", "need-more"],
    ["PRI * HTTP/2.0\r\n\r\nSX", "http1"],
    ["PRI * HTTP/1.1", "http1"],
    ["\x16", "need-more"],
    ["\x16\x03", "tls"],
    ["\x16\x03\x01\x02\0\x01", "tls"],
    ["\x16\x02", "unknown"],
    ["\x80\x2e\x01", "unknown"],
    ["\0\0\0\x08\x04\xd2\x16\x2f", "unknown"],
    ["SSH-2.0-OpenSSH_9.2\r\n", "unknown"],
    ["*1\r\n$4\r\nPING\r\n", "unknown"],
    ["PING\r\n", "unknown"],
    ["EHLO localhost\r\n", "unknown"],
    ["USER anonymous\r\n", "unknown"],
    ['{"a":1}', "unknown"],
    [" GET /", "unknown"],
  ];
  for (const [text, is] of cases) {
    it(`says ${is} of ${JSON.stringify(text)}`, () => {
      const bytes = Buffer.from(`xx${text}yy`, "latin1");
      assert.equal(protocolOf(bytes, 2, bytes.length - 2), is);
    });
  }

  it("never changes its mind when more bytes come", () => {
    for (const [text] of cases) {
      const bytes = Buffer.from(text, "latin1");
      const verdicts = Array.from({ length: bytes.length + 1 }, (_, end) => protocolOf(bytes, 0, end));
      const decided = verdicts.filter((verdict) => verdict !== "need-more");
      assert.ok(new Set(decided).size <= 1, JSON.stringify(text));
      assert.deepEqual(verdicts.slice(verdicts.length - decided.length), decided, JSON.stringify(text));
    }
  });
});
