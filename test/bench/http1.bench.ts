import { createRequire } from "node:module";
import { writeChunk, writeLastChunk } from "../../src/http1/body-writer.ts";
import { compileHeadEdits } from "../../src/http1/head-edits.ts";
import { DEFAULT_HTTP1_LIMITS } from "../../src/http1/limits.ts";
import { writeRequestHead, writeResponseHead } from "../../src/http1/message-writer.ts";
import { OutBuffer } from "../../src/http1/out-buffer.ts";
import { writeOwnResponse } from "../../src/http1/own-response.ts";
import { ParserEvent } from "../../src/http1/parser-event.ts";
import { RequestParser } from "../../src/http1/request-parser.ts";
import { ResponseParser } from "../../src/http1/response-parser.ts";
import { measure } from "./measure.ts";

const COUNT = 1_000_000;

/** 8 fields, about 300 bytes: what a service's client sends. */
const REQUEST = Buffer.from(
  [
    "GET /cart/items?user=42&page=3 HTTP/1.1",
    "Host: cart.shop.svc.cluster.local:8080",
    "User-Agent: okhttp/4.12.0",
    "Accept: application/json, text/plain, */*",
    "Accept-Encoding: gzip, deflate",
    "Connection: keep-alive",
    "X-Request-Id: 7f3c9a5e-8a1b-4d2c-9e6f-0123456789ab",
    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "",
    "",
  ].join("\r\n"),
);

/** 7 fields, about 220 bytes. */
const RESPONSE = Buffer.from(
  [
    "HTTP/1.1 200 OK",
    "Server: nginx/1.22.1",
    "Date: Tue, 24 Nov 2026 08:00:00 GMT",
    "Content-Type: application/json; charset=utf-8",
    "Content-Length: 12",
    "Connection: keep-alive",
    'ETag: W/"c-00hq6RNueFa8QiEjhep5cJRHWAI"',
    "Cache-Control: no-cache",
    "",
    "hello world!",
  ].join("\r\n"),
);

const edits = compileHeadEdits([{ kind: "set", name: "X-Mesh", value: "eastbound" }]);
const requestParser = new RequestParser(DEFAULT_HTTP1_LIMITS);
const responseParser = new ResponseParser(DEFAULT_HTTP1_LIMITS);
const out = new OutBuffer(65_536);
/** Keeps results alive. */
let sink = 0;

function expectEvent(actual: ParserEvent, expected: ParserEvent): void {
  if (actual !== expected) throw new Error(`event ${actual} instead of ${expected}`);
}

measure(`request head, ${REQUEST.length} bytes: parse`, COUNT, (count) => {
  for (let i = 0; i < count; i++) {
    requestParser.feed(REQUEST, 0, REQUEST.length);
    expectEvent(requestParser.next(), ParserEvent.Head);
    expectEvent(requestParser.next(), ParserEvent.End);
  }
});

measure("request head: parse, path and method, write with one set", COUNT, (count) => {
  const options = { edits };
  for (let i = 0; i < count; i++) {
    requestParser.feed(REQUEST, 0, REQUEST.length);
    expectEvent(requestParser.next(), ParserEvent.Head);
    sink += requestParser.head.path.length + requestParser.head.method.length;
    out.reset();
    writeRequestHead(out, requestParser.head, options);
    expectEvent(requestParser.next(), ParserEvent.End);
  }
});

measure(`response head, ${RESPONSE.length} bytes: parse, write, body`, COUNT, (count) => {
  const options = { edits: undefined, framing: 1, connection: "none" } as const;
  for (let i = 0; i < count; i++) {
    responseParser.expectResponse("GET");
    responseParser.feed(RESPONSE, 0, RESPONSE.length);
    expectEvent(responseParser.next(), ParserEvent.Head);
    out.reset();
    writeResponseHead(out, responseParser.head, options);
    expectEvent(responseParser.next(), ParserEvent.Data);
    out.bytes(RESPONSE, responseParser.dataStart, responseParser.dataEnd);
    expectEvent(responseParser.next(), ParserEvent.End);
  }
});

measure("request head: parse, write unchanged", COUNT, (count) => {
  const options = { edits: undefined };
  for (let i = 0; i < count; i++) {
    requestParser.feed(REQUEST, 0, REQUEST.length);
    expectEvent(requestParser.next(), ParserEvent.Head);
    out.reset();
    writeRequestHead(out, requestParser.head, options);
    expectEvent(requestParser.next(), ParserEvent.End);
  }
});

measure("request head in two reads: parse", COUNT, (count) => {
  for (let i = 0; i < count; i++) {
    requestParser.feed(REQUEST, 0, 150);
    expectEvent(requestParser.next(), ParserEvent.NeedMore);
    requestParser.feed(REQUEST, 150, REQUEST.length);
    expectEvent(requestParser.next(), ParserEvent.Head);
    expectEvent(requestParser.next(), ParserEvent.End);
  }
});

measure("request head: parse, retain, reset", COUNT, (count) => {
  for (let i = 0; i < count; i++) {
    requestParser.feed(REQUEST, 0, REQUEST.length);
    expectEvent(requestParser.next(), ParserEvent.Head);
    requestParser.retainHead();
    requestParser.reset();
  }
});

requestParser.feed(REQUEST, 0, REQUEST.length);
expectEvent(requestParser.next(), ParserEvent.Head);
const { fields } = requestParser.head;
measure("value of the 6th field, by name", COUNT, (count) => {
  for (let i = 0; i < count; i++) sink += fields.valueOf("x-request-id")?.length ?? 0;
});
measure("look for a field that isn't there", COUNT, (count) => {
  for (let i = 0; i < count; i++) sink += fields.indexOf("x-canary");
});
requestParser.reset();

const chunkData = "x".repeat(1_000);
const CHUNKED_HEAD = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const CHUNKED = Buffer.from(`${CHUNKED_HEAD}${`3e8\r\n${chunkData}\r\n`.repeat(16)}0\r\n\r\n`);
measure("response of 16 chunks of 1 KB: parse, chunk anew", COUNT / 10, (count) => {
  const options = { edits: undefined, framing: 2, connection: "none" } as const;
  for (let i = 0; i < count; i++) {
    responseParser.expectResponse("GET");
    responseParser.feed(CHUNKED, 0, CHUNKED.length);
    out.reset();
    for (let event = responseParser.next(); event !== ParserEvent.End; event = responseParser.next()) {
      if (event === ParserEvent.Head) writeResponseHead(out, responseParser.head, options);
      else writeChunk(out, CHUNKED, responseParser.dataStart, responseParser.dataEnd);
    }
    writeLastChunk(out);
  }
});

const answer = {
  status: 404,
  fields: [["Proxy-Status", 'eastbound; error=destination_not_found; details="no rule matched"']],
  body: Buffer.from("no rule matched\n"),
  isHead: false,
  close: false,
} as const;
measure("an answer of our own", COUNT, (count) => {
  for (let i = 0; i < count; i++) {
    out.reset();
    writeOwnResponse(out, answer);
  }
});

interface Llhttp {
  initialize(kind: number, resource: object): void;
  execute(buffer: Buffer): unknown;
  [callback: number]: (...values: readonly unknown[]) => unknown;
}
interface LlhttpClass {
  new (): Llhttp;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

// Only node's own modules know its parser by a public name; _http_common is the way that people use.
process.removeAllListeners("warning");
const { HTTPParser } = createRequire(import.meta.url)("node:_http_common") as { HTTPParser: LlhttpClass };

function llhttp(kind: number, bytes: Buffer) {
  const parser = new HTTPParser();
  parser.initialize(kind, {});
  parser[HTTPParser.kOnHeadersComplete] = () => {
    sink++;
    return 0;
  };
  parser[HTTPParser.kOnBody] = () => sink++;
  parser[HTTPParser.kOnMessageComplete] = () => sink++;
  return (count: number) => {
    for (let i = 0; i < count; i++) parser.execute(bytes);
  };
}

measure("llhttp of node: request head", COUNT, llhttp(HTTPParser.REQUEST, REQUEST));
measure("llhttp of node: response", COUNT, llhttp(HTTPParser.RESPONSE, RESPONSE));
measure("llhttp of node: response of 16 chunks", COUNT / 10, llhttp(HTTPParser.RESPONSE, CHUNKED));
if (sink === 0) throw new Error("nothing was parsed");
