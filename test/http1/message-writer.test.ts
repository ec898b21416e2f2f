import assert from "node:assert/strict";
import { compileHeadEdits, type HeadEditStep } from "../../src/http1/head-edits.ts";
import type { RequestWriteOptions, ResponseWriteOptions } from "../../src/http1/message-writer.ts";
import { Framing } from "../../src/http1/parser-event.ts";
import { forwardRequests, forwardResponses } from "./forward.ts";

const lines = (...all: readonly string[]) => [...all, "", ""].join("\r\n");
const edits = (...steps: readonly HeadEditStep[]) => compileHeadEdits(steps);

describe("writeRequestHead", () => {
  const forwarded: readonly { name: string; from: string; to: string; options?: RequestWriteOptions }[] = [
    {
      name: "unchanged bytes as they came",
      from: lines("GET /a?b HTTP/1.1", "hOST: h", "X-Odd:\t a  b \t", "x-odd: \xe9", "Cookie: a=b"),
      to: lines("GET /a?b HTTP/1.1", "hOST: h", "X-Odd:\t a  b \t", "x-odd: \xe9", "Cookie: a=b"),
    },
    {
      name: "no hop-by-hop fields (RFC 9110 7.6.1)",
      from: lines(
        "GET / HTTP/1.1",
        "Connection: keep-alive, X-Mine",
        "Host: h",
        "Keep-Alive: 5",
        "A: b",
        "Proxy-Connection: x",
        "x-mine: 1",
        "X-MINE: 2",
        "TE: gzip",
        "Upgrade: foo",
        "HTTP2-Settings: x",
      ),
      to: lines("GET / HTTP/1.1", "Host: h", "A: b"),
    },
    {
      name: "fields that Connection names before and after it",
      from: lines(
        "GET / HTTP/1.1",
        "Host: h",
        "X-A: 1",
        "Connection: x-b;, x-a",
        "X-B: 2",
        "Connection: x-c",
        "X-C: 3",
      ),
      to: lines("GET / HTTP/1.1", "Host: h"),
    },
    {
      name: "absolute-form as origin-form, its authority as Host (RFC 9112 3.2.2)",
      from: lines("GET http://a:81/x?y HTTP/1.1", "A: b", "Host: other"),
      to: lines("GET /x?y HTTP/1.1", "Host: a:81", "A: b"),
    },
    {
      name: "absolute-form without path",
      from: lines("GET http://a?q HTTP/1.1", "Host: a") + lines("OPTIONS http://a HTTP/1.1", "Host: a"),
      to: lines("GET /?q HTTP/1.1", "Host: a") + lines("OPTIONS * HTTP/1.1", "Host: a"),
    },
    {
      name: "HTTP/1.0 as HTTP/1.1, without expectation",
      from:
        lines(
          "POST /x HTTP/1.0",
          "Host: h",
          "Expect: 100-continue",
          "Connection: keep-alive",
          "Content-Length: 1",
        ) + "a",
      to: lines("POST /x HTTP/1.1", "Host: h", "Content-Length: 1") + "a",
    },
    { name: "HTTP/1.0 without Host", from: lines("GET / HTTP/1.0"), to: lines("GET / HTTP/1.1", "Host: ") },
    {
      name: "HTTP/1.0 with the Host that the caller knows",
      from: lines("GET / HTTP/1.0"),
      to: lines("GET / HTTP/1.1", "Host: shop"),
      options: { host: "shop" },
    },
    {
      name: "another target and Host",
      from: lines("GET /a?b HTTP/1.1", "A: b", "Host: h", "C: d"),
      to: lines("GET /new?b HTTP/1.1", "Host: other:80", "A: b", "C: d"),
      options: { target: "/new?b", host: "other:80" },
    },
    {
      name: "another target, Host as it came",
      from: lines("GET /a?b HTTP/1.1", "A: b", "Host: h"),
      to: lines("GET /new HTTP/1.1", "A: b", "Host: h"),
      options: { target: "/new" },
    },
    {
      name: "another Host, the request line as it came",
      from: lines("GET /a?b HTTP/1.1", "A: b", "Host: h"),
      to: lines("GET /a?b HTTP/1.1", "Host: x", "A: b"),
      options: { host: "x" },
    },
    {
      name: "a target and a Host that break no line",
      from: lines("GET / HTTP/1.1", "Host: h"),
      to: lines('GET /a%20b%0D%0A%C4%8D%23?" HTTP/1.1', "Host: a??b"),
      options: { target: '/a b\r\n\u010d#?"', host: "a\r\nb" },
    },
    {
      name: "a Host with white space around that not everybody strips",
      from: lines("GET / HTTP/1.1", "A: b", "Host:\th\t"),
      to: lines("GET / HTTP/1.1", "Host: h", "A: b"),
    },
    {
      name: "one of several equal Content-Lengths (RFC 9112 6.3)",
      from: lines("POST / HTTP/1.1", "Host: h", "Content-Length: 1", "A: b", "content-length: 1, 01") + "a",
      to: lines("POST / HTTP/1.1", "Host: h", "A: b", "Content-Length: 1") + "a",
    },
    ...["0001", "\t1", "1\t", "  1", "1 "].map((length) => ({
      name: `Content-Length:${JSON.stringify(length)} in the usual form`,
      from: lines("POST / HTTP/1.1", "Host: h", `Content-Length:${length}`) + "a",
      to: lines("POST / HTTP/1.1", "Host: h", "Content-Length: 1") + "a",
    })),
    {
      name: "a plain Content-Length where it stands",
      from: lines("POST / HTTP/1.1", "content-length:1", "Host: h") + "a",
      to: lines("POST / HTTP/1.1", "content-length:1", "Host: h") + "a",
    },
    {
      name: "chunks anew, without extensions (7.1.1)",
      from:
        lines("POST / HTTP/1.1", "transfer-encoding:  chunked ", "Host: h") +
        "0003;a=b\r\nabc\r\nA;c\r\n0123456789\r\n000\r\n\r\n",
      to:
        lines("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") +
        "3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n",
    },
    {
      name: "trailers that may be passed on (RFC 9110 6.5.1)",
      from:
        lines("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") +
        lines(
          "0",
          "grpc-status:  0",
          "Host: evil",
          "AUTHORIZATION: x",
          "Connection: close",
          "Content-Type: x",
          "X-Forwarded-For: 1",
          "Set-Cookie: a",
          "Trailer: b",
          "X-Sum: 1 ",
        ),
      to:
        lines("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") +
        lines("0", "grpc-status:  0", "X-Sum: 1 "),
    },
    {
      name: "TE: trailers with its connection option (RFC 9110 10.1.4)",
      from: lines("GET / HTTP/1.1", "Host: h", "TE: gzip, trailers", "Connection: TE"),
      to: lines("GET / HTTP/1.1", "Host: h", "TE: trailers", "Connection: TE"),
    },
    {
      name: "an upgrade (RFC 9110 7.8)",
      from: lines(
        "GET / HTTP/1.1",
        "Host: h",
        "Connection: keep-alive, Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: x",
      ),
      to: lines(
        "GET / HTTP/1.1",
        "Host: h",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: x",
        "Connection: upgrade",
      ),
    },
    {
      name: "an upgrade with TE: trailers",
      from: lines(
        "GET / HTTP/1.1",
        "Host: h",
        "Connection: Upgrade, te",
        "Upgrade: websocket",
        "TE: trailers",
      ),
      to: lines("GET / HTTP/1.1", "Host: h", "Upgrade: websocket", "TE: trailers", "Connection: TE, upgrade"),
    },
    {
      name: "no upgrade to h2c",
      from: lines(
        "GET / HTTP/1.1",
        "Host: h",
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AA",
      ),
      to: lines("GET / HTTP/1.1", "Host: h"),
    },
    {
      name: "another framing: a length",
      from: lines("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") + "1\r\na\r\n0\r\n\r\n",
      to: lines("POST / HTTP/1.1", "Host: h", "Content-Length: 1") + "a",
      options: { framing: Framing.Length, contentLength: 1 },
    },
    {
      name: "another framing: chunks",
      from: lines("POST / HTTP/1.1", "Host: h", "Content-Length: 1") + "a",
      to: lines("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: chunked") + "1\r\na\r\n0\r\n\r\n",
      options: { framing: Framing.Chunked },
    },
    {
      name: "another framing: no body",
      from: lines("POST / HTTP/1.1", "Host: h", "Content-Length: 0"),
      to: lines("POST / HTTP/1.1", "Host: h"),
      options: { framing: Framing.None },
    },
    {
      name: "set: overwrites all lines of a name, in any case",
      from: lines("GET / HTTP/1.1", "x-a: 1", "Host: h", "X-A: 2", "B: c"),
      to: lines("GET / HTTP/1.1", "Host: h", "B: c", "X-a: new", "X-New: 1"),
      options: {
        edits: edits({ kind: "set", name: "X-a", value: "new" }, { kind: "set", name: "X-New", value: "1" }),
      },
    },
    {
      name: "add: appends to the last line with a comma and no space",
      from: lines("GET / HTTP/1.1", "Host: h", "X-A:  1 ", "B: c", "x-a:2"),
      to: lines("GET / HTTP/1.1", "Host: h", "X-A:  1 ", "B: c", "x-a: 2,3"),
      options: { edits: edits({ kind: "add", name: "X-A", value: "3" }) },
    },
    {
      name: "add: a new line where there is none, or only one that isn't passed on",
      from: lines("GET / HTTP/1.1", "Host: h", "Connection: x-a", "X-A: 1"),
      to: lines("GET / HTTP/1.1", "Host: h", "X-A: 2", "X-B: 3"),
      options: {
        edits: edits({ kind: "add", name: "X-A", value: "2" }, { kind: "add", name: "X-B", value: "3" }),
      },
    },
    {
      name: "add: no comma behind an empty value",
      from: lines("GET / HTTP/1.1", "Host: h", "X-A:"),
      to: lines("GET / HTTP/1.1", "Host: h", "X-A: 1"),
      options: { edits: edits({ kind: "add", name: "X-A", value: "1" }) },
    },
    {
      name: "remove: all lines of a name, in any case",
      from: lines("GET / HTTP/1.1", "X-A: 1", "Host: h", "x-a: 2"),
      to: lines("GET / HTTP/1.1", "Host: h"),
      options: { edits: edits({ kind: "remove", name: "X-a" }) },
    },
    {
      name: "a set Host, but the caller's goes before",
      from: lines("GET / HTTP/1.1", "Host: h"),
      to: lines("GET / HTTP/1.1", "Host: mine"),
      options: { host: "mine", edits: edits({ kind: "set", name: "host", value: "theirs" }) },
    },
    {
      name: "a set Host",
      from: lines("GET / HTTP/1.1", "A: b", "Host: h"),
      to: lines("GET / HTTP/1.1", "Host: theirs", "A: b"),
      options: { edits: edits({ kind: "set", name: "Host", value: "theirs" }) },
    },
    {
      name: "nothing of edits to framing",
      from: lines("POST / HTTP/1.1", "Host: h", "Content-Length: 1") + "a",
      to: lines("POST / HTTP/1.1", "Host: h", "Content-Length: 1") + "a",
      options: {
        edits: edits(
          { kind: "remove", name: "Content-Length" },
          { kind: "set", name: "Transfer-Encoding", value: "chunked" },
        ),
      },
    },
  ];
  for (const c of forwarded) {
    it(`forwards ${c.name}`, () => assert.equal(forwardRequests(c.from, c.options), c.to));
  }
});

describe("writeResponseHead", () => {
  const forwarded: readonly {
    name: string;
    from: string;
    to: string;
    method?: string;
    options?: Partial<ResponseWriteOptions> & { isUpgrade?: boolean };
  }[] = [
    {
      name: "unchanged bytes as they came",
      from:
        lines("HTTP/1.1 200 \xe9 OK", "Server:  x ", "content-length:2", "Set-Cookie: a", "set-cookie: b") +
        "hi",
      to:
        lines("HTTP/1.1 200 \xe9 OK", "Server:  x ", "content-length:2", "Set-Cookie: a", "set-cookie: b") +
        "hi",
    },
    {
      name: "HTTP/1.0 as HTTP/1.1",
      from: lines("HTTP/1.0 404 Not Found", "Content-Length: 0"),
      to: lines("HTTP/1.1 404 Not Found", "Content-Length: 0"),
    },
    {
      name: "a missing space before no reason",
      from: lines("HTTP/1.1 200", "Content-Length: 0"),
      to: lines("HTTP/1.1 200 ", "Content-Length: 0"),
    },
    {
      name: "no hop-by-hop fields",
      from: lines(
        "HTTP/1.1 200 OK",
        "Connection: close, x-a",
        "Keep-Alive: timeout=5",
        "X-A: 1",
        "Upgrade: h2c",
        "Content-Length: 0",
      ),
      to: lines("HTTP/1.1 200 OK", "Content-Length: 0"),
    },
    {
      name: "no white space before colons (RFC 9112 5.1)",
      from: lines("HTTP/1.1 200 OK", "A \t:  b ", "C: d", "Content-Length : 0"),
      to: lines("HTTP/1.1 200 OK", "A: b", "C: d", "Content-Length: 0"),
    },
    {
      name: "an addition to a line with white space before its colon",
      from: lines("HTTP/1.1 200 OK", "A : b", "Content-Length: 0"),
      to: lines("HTTP/1.1 200 OK", "A: b,c", "Content-Length: 0"),
      options: { edits: edits({ kind: "add", name: "a", value: "c" }) },
    },
    {
      name: "Set-Cookie, each added on a line of its own (RFC 9110 5.3)",
      from: lines("HTTP/1.1 200 OK", "Set-Cookie: a", "Content-Length: 0"),
      to: lines("HTTP/1.1 200 OK", "Set-Cookie: a", "Content-Length: 0", "set-cookie: b", "set-cookie: c"),
      options: {
        edits: edits(
          { kind: "add", name: "Set-Cookie", value: "b" },
          { kind: "add", name: "set-cookie", value: "c" },
        ),
      },
    },
    {
      name: "chunks",
      from:
        lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "A: b") + "2;x\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n",
      to: lines("HTTP/1.1 200 OK", "A: b", "Transfer-Encoding: chunked") + "2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n",
    },
    {
      name: "chunks to HTTP/1.0: until the connection ends",
      from: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "2\r\nhi\r\n0\r\n\r\n",
      to: lines("HTTP/1.1 200 OK", "Connection: close") + "hi",
      options: { framing: Framing.Close, connection: "close" },
    },
    {
      name: "a body until the end of the connection in chunks",
      from: lines("HTTP/1.1 200 OK") + "hi",
      to: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + "2\r\nhi\r\n",
      options: { framing: Framing.Chunked },
    },
    {
      name: "a length to HTTP/1.0 that stays",
      from: lines("HTTP/1.1 200 OK", "Content-Length: 2") + "hi",
      to: lines("HTTP/1.1 200 OK", "Content-Length: 2", "Connection: keep-alive") + "hi",
      options: { connection: "keep-alive" },
    },
    {
      name: "HEAD with the length of what GET would give",
      method: "HEAD",
      from: lines("HTTP/1.1 200 OK", "Content-Length: 2"),
      to: lines("HTTP/1.1 200 OK", "Content-Length: 2"),
    },
    {
      name: "HEAD without Transfer-Encoding",
      method: "HEAD",
      from: lines("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"),
      to: lines("HTTP/1.1 200 OK"),
    },
    {
      name: "HEAD without a length that came twice",
      method: "HEAD",
      from: lines("HTTP/1.1 200 OK", "Content-Length: 2, 2"),
      to: lines("HTTP/1.1 200 OK"),
    },
    {
      name: "304 with Content-Length",
      from: lines("HTTP/1.1 304 Same", "Content-Length: 2"),
      to: lines("HTTP/1.1 304 Same", "Content-Length: 2"),
    },
    {
      name: "204 without Content-Length (RFC 9110 8.6)",
      from: lines("HTTP/1.1 204 No", "Content-Length: 2"),
      to: lines("HTTP/1.1 204 No"),
    },
    {
      name: "interim responses, without framing",
      from:
        lines("HTTP/1.1 103 Hints", "Content-Length: 5", "Keep-Alive: 1", "Link : x") +
        lines("HTTP/1.1 200 OK", "Content-Length: 0"),
      to: lines("HTTP/1.1 103 Hints", "Link: x") + lines("HTTP/1.1 200 OK", "Content-Length: 0"),
    },
    {
      name: "101 with its fields",
      from: lines(
        "HTTP/1.1 101 Go",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Content-Length: 3",
        "A: b",
      ),
      to: lines("HTTP/1.1 101 Go", "Upgrade: websocket", "A: b", "Connection: upgrade"),
      options: { isUpgrade: true, connection: "close" },
    },
  ];
  for (const c of forwarded) {
    it(`forwards ${c.name}`, () =>
      assert.equal(forwardResponses(c.from, c.method ?? "GET", c.options), c.to));
  }
});
