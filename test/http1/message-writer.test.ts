import assert from "node:assert/strict";
import { compileHeadEdits } from "../../src/http1/head-edits.ts";
import { DEFAULT_HTTP1_LIMITS } from "../../src/http1/limits.ts";
import { writeRequestHead, writeResponseHead } from "../../src/http1/message-writer.ts";
import { OutBuffer } from "../../src/http1/out-buffer.ts";
import { ParserEvent } from "../../src/http1/parser-event.ts";
import { RequestParser } from "../../src/http1/request-parser.ts";
import { ResponseParser } from "../../src/http1/response-parser.ts";

describe("message writer", () => {
  it("forwards a request head with one field set", () => {
    const parser = new RequestParser(DEFAULT_HTTP1_LIMITS);
    const bytes = Buffer.from(
      "GET /a?b HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\nAccept: */*\r\n\r\n",
    );
    parser.feed(bytes, 0, bytes.length);
    assert.equal(parser.next(), ParserEvent.Head);
    const out = new OutBuffer();
    const edits = compileHeadEdits([{ kind: "set", name: "X-A", value: "1" }]);
    writeRequestHead(out, parser.head, { edits });
    assert.equal(
      out.view().toString("latin1"),
      "GET /a?b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nX-A: 1\r\n\r\n",
    );
    assert.equal(parser.next(), ParserEvent.End);
    assert.equal(parser.isIdle, true);
  });

  it("forwards a response head", () => {
    const parser = new ResponseParser(DEFAULT_HTTP1_LIMITS);
    const bytes = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: timeout=5\r\n\r\nhi");
    parser.expectResponse("GET");
    parser.feed(bytes, 0, bytes.length);
    assert.equal(parser.next(), ParserEvent.Head);
    const out = new OutBuffer();
    writeResponseHead(out, parser.head, { framing: parser.head.framing, connection: "none" });
    assert.equal(out.view().toString("latin1"), "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    assert.equal(parser.head.keepAliveTimeoutSeconds, 5);
    assert.equal(parser.next(), ParserEvent.Data);
    assert.equal(parser.next(), ParserEvent.End);
    assert.equal(parser.isIdle, true);
  });
});
