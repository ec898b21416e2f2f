import assert from "node:assert/strict";
import { DEFAULT_HTTP1_LIMITS } from "../../src/http1/limits.ts";
import { Framing, ParserEvent } from "../../src/http1/parser-event.ts";
import { RequestParser } from "../../src/http1/request-parser.ts";
import { type RequestFacts, readRequests } from "./read-messages.ts";

/** A request with what the test cares about. */
function request(line: string, ...fields: readonly string[]): string {
  return [line, ...fields, "", ""].join("\r\n");
}

const GET = request("GET / HTTP/1.1", "Host: h");

function headOf(text: string): RequestFacts {
  const { messages, error } = readRequests(text);
  assert.equal(error, undefined);
  const [first] = messages;
  assert.ok(first);
  return first.head;
}

function pick(head: RequestFacts, like: Partial<RequestFacts>): Partial<RequestFacts> {
  return Object.fromEntries(Object.keys(like).map((key) => [key, head[key as keyof RequestFacts]]));
}

describe("RequestParser", () => {
  const understood: readonly { name: string; text: string; is: Partial<RequestFacts> }[] = [
    {
      name: "origin-form (RFC 9112 3.2.1)",
      text: request("GET /a/b%20c?d=e?f HTTP/1.1", "Host: shop:80"),
      is: {
        method: "GET",
        target: "/a/b%20c?d=e?f",
        path: "/a/b%20c",
        query: "d=e?f",
        host: "shop:80",
        versionMinor: 1,
      },
    },
    {
      name: "a path without query",
      text: GET,
      is: {
        path: "/",
        query: undefined,
        target: "/",
        framing: Framing.None,
        contentLength: -1,
        keepAlive: true,
      },
    },
    {
      name: "an empty query",
      text: request("GET /? HTTP/1.1", "Host: h"),
      is: { path: "/", query: "", target: "/?" },
    },
    {
      name: "absolute-form (3.2.2): its authority replaces Host",
      text: request("GET HTTP://a.b:81/x?y HTTP/1.1", "Host: other"),
      is: { target: "/x?y", path: "/x", query: "y", host: "a.b:81" },
    },
    {
      name: "absolute-form without path",
      text: request("GET http://a HTTP/1.1", "Host: a"),
      is: { target: "/", path: "/", query: undefined, host: "a" },
    },
    {
      name: "absolute-form without path, with query",
      text: request("GET http://a?q=/ HTTP/1.1", "Host: a"),
      is: { target: "/?q=/", path: "/", query: "q=/", host: "a" },
    },
    {
      name: "absolute-form of an IPv6 address",
      text: request("GET http://[fd00::1]:80/ HTTP/1.1", "Host: a"),
      is: { target: "/", host: "[fd00::1]:80" },
    },
    {
      name: "OPTIONS of a whole server in absolute-form (3.2.4)",
      text: request("OPTIONS http://a HTTP/1.1", "Host: a"),
      is: { target: "*", path: "*", query: undefined },
    },
    {
      name: "asterisk-form (3.2.4)",
      text: request("OPTIONS * HTTP/1.1", "Host: a"),
      is: { target: "*", path: "*" },
    },
    {
      name: "characters that clients should escape and don't",
      text: request('GET /|{}"<>^`\\[] HTTP/1.1', "Host: a"),
      is: { path: '/|{}"<>^`\\[]' },
    },
    {
      name: "a method of the application's own",
      text: request("Frob / HTTP/1.1", "Host: a"),
      is: { method: "Frob" },
    },
    {
      name: "a method longer than any registered one",
      text: request(`${"A".repeat(40)} / HTTP/1.1`, "Host: a"),
      is: { method: "A".repeat(40) },
    },
    {
      name: "HTTP/1.0 without Host",
      text: request("GET / HTTP/1.0"),
      is: { versionMinor: 0, host: undefined, keepAlive: false },
    },
    {
      name: "HTTP/1.0 that stays",
      text: request("GET / HTTP/1.0", "Connection: Keep-Alive"),
      is: { keepAlive: true },
    },
    {
      name: "close before keep-alive (9.3)",
      text: request("GET / HTTP/1.0", "Connection: keep-alive, close"),
      is: { keepAlive: false },
    },
    {
      name: "close",
      text: request("GET / HTTP/1.1", "Host: h", "connection: foo , CLOSE"),
      is: { keepAlive: false },
    },
    {
      name: "a Connection full of commas",
      text: request("GET / HTTP/1.1", "Host: h", "Connection: ,;, close,"),
      is: { keepAlive: false },
    },
    {
      name: "Proxy-Connection says nothing (C.2.2)",
      text: request("GET / HTTP/1.1", "Host: h", "Proxy-Connection: close"),
      is: { keepAlive: true },
    },
    { name: "an empty Host", text: request("GET / HTTP/1.1", "Host:"), is: { host: "" } },
    {
      name: "an IPv6 Host",
      text: request("GET / HTTP/1.1", "Host: [::1%25eth0]:80"),
      is: { host: "[::1%25eth0]:80" },
    },
    { name: "an escaped Host", text: request("GET / HTTP/1.1", "Host: h%C3%a9:"), is: { host: "h%C3%a9:" } },
    {
      name: "white space around a value (5.1)",
      text: request("GET / HTTP/1.1", "Host: h", "A: \t b c\t ", "B:d", "C:", "D: \t"),
      is: {
        fields: [
          ["Host", "h"],
          ["A", "b c"],
          ["B", "d"],
          ["C", ""],
          ["D", ""],
        ],
      },
    },
    {
      name: "bytes above 0x7f and tabs in a value (RFC 9110 5.5)",
      text: request("GET / HTTP/1.1", "Host: h", "A: \xe9\t\xff"),
      is: {
        fields: [
          ["Host", "h"],
          ["A", "\xe9\t\xff"],
        ],
      },
    },
    {
      name: "every character of a token as a name",
      text: request("GET / HTTP/1.1", "Host: h", "!#$%&'*+-.^_`|~09azAZ: b"),
      is: {
        fields: [
          ["Host", "h"],
          ["!#$%&'*+-.^_`|~09azAZ", "b"],
        ],
      },
    },
    {
      name: "__proto__ as a name (CVE-2026-21710)",
      text: request("GET / HTTP/1.1", "Host: h", "__proto__: b"),
      is: {
        fields: [
          ["Host", "h"],
          ["__proto__", "b"],
        ],
      },
    },
    {
      name: "Content-Length",
      text: request("POST / HTTP/1.1", "Host: h", "Content-Length: 12"),
      is: { framing: Framing.Length, contentLength: 12 },
    },
    {
      name: "Content-Length of nothing",
      text: request("POST / HTTP/1.1", "Host: h", "Content-Length: 0"),
      is: { framing: Framing.Length, contentLength: 0 },
    },
    {
      name: "a Content-Length of 2^53 - 1",
      text: request("POST / HTTP/1.1", "Host: h", "Content-Length: 9007199254740991"),
      is: { contentLength: 2 ** 53 - 1 },
    },
    {
      name: "leading zeros of a Content-Length",
      text: request("POST / HTTP/1.1", "Host: h", "Content-Length: 0012"),
      is: { contentLength: 12 },
    },
    {
      name: "equal Content-Lengths (6.3), names in any case (CVE-2026-1525)",
      text: request("POST / HTTP/1.1", "Host: h", "Content-Length: 7", "CONTENT-length: 7 , 07"),
      is: { framing: Framing.Length, contentLength: 7 },
    },
    {
      name: "chunked in any case",
      text: request("POST / HTTP/1.1", "Host: h", "Transfer-Encoding: Chunked "),
      is: { framing: Framing.Chunked, contentLength: -1 },
    },
    {
      name: "100-continue (RFC 9110 10.1.1)",
      text: request("POST / HTTP/1.1", "Host: h", "Expect: 100-Continue"),
      is: { expectsContinue: true },
    },
    {
      name: "another expectation",
      text: request("POST / HTTP/1.1", "Host: h", "Expect: more"),
      is: { expectsContinue: false },
    },
    {
      name: "no expectation in HTTP/1.0",
      text: request("POST / HTTP/1.0", "Expect: 100-continue"),
      is: { expectsContinue: false },
    },
    {
      name: "TE: trailers (RFC 9110 10.1.4)",
      text: request("GET / HTTP/1.1", "Host: h", "TE: gzip;q=1 ,Trailers"),
      is: { acceptsTrailers: true },
    },
    {
      name: "TE without trailers",
      text: request("GET / HTTP/1.1", "Host: h", "TE: trailers;q=1, gzip"),
      is: { acceptsTrailers: false },
    },
    {
      name: "Upgrade (RFC 9110 7.8)",
      text: request("GET / HTTP/1.1", "Host: h", "Upgrade: websocket", "Connection: keep-alive, Upgrade"),
      is: { upgrade: "websocket", keepAlive: true },
    },
    {
      name: "Upgrade without its connection option",
      text: request("GET / HTTP/1.1", "Host: h", "Upgrade: websocket"),
      is: { upgrade: undefined },
    },
    {
      name: "an empty Upgrade",
      text: request("GET / HTTP/1.1", "Host: h", "Connection: upgrade", "Upgrade:"),
      is: { upgrade: undefined },
    },
    {
      name: "a connection option without Upgrade",
      text: request("GET / HTTP/1.1", "Host: h", "Connection: upgrade"),
      is: { upgrade: undefined },
    },
    {
      name: "no Upgrade in HTTP/1.0",
      text: request("GET / HTTP/1.0", "Upgrade: websocket", "Connection: upgrade"),
      is: { upgrade: undefined },
    },
    {
      name: "no Upgrade to h2c (CVE-2026-56853)",
      text: request(
        "GET / HTTP/1.1",
        "Host: h",
        "Upgrade: foo, H2c",
        "HTTP2-Settings: AA",
        "Connection: Upgrade, HTTP2-Settings",
      ),
      is: { upgrade: undefined },
    },
    {
      name: "NTLM",
      text: request("GET / HTTP/1.1", "Host: h", "Authorization: NTLM TlRMTVNTUAAB"),
      is: { hasStickyAuthentication: true },
    },
    {
      name: "Negotiate (RFC 4559)",
      text: request("GET / HTTP/1.1", "Host: h", "authorization: negotiate YII"),
      is: { hasStickyAuthentication: true },
    },
    {
      name: "a Bearer token",
      text: request("GET / HTTP/1.1", "Host: h", "Authorization: Bearer negotiate"),
      is: { hasStickyAuthentication: false },
    },
    { name: "one empty line before (2.2)", text: `\r\n${GET}`, is: { method: "GET", sizeBytes: GET.length } },
  ];
  for (const c of understood) {
    it(`understands ${c.name}`, () => assert.deepEqual(pick(headOf(c.text), c.is), c.is));
  }

  const HOST = "Host: h";
  const refused: readonly { name: string; text: string; kind?: string; message: RegExp }[] = [
    {
      name: "Content-Length with Transfer-Encoding (6.1)",
      text: request("POST / HTTP/1.1", HOST, "Content-Length: 3", "Transfer-Encoding: chunked"),
      message: /both/,
    },
    {
      name: "Transfer-Encoding with Content-Length",
      text: request("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked", "Content-Length: 3"),
      message: /both/,
    },
    {
      name: "Transfer-Encoding in HTTP/1.0 (CVE-2026-2835)",
      text: request("POST / HTTP/1.0", HOST, "Transfer-Encoding: chunked"),
      message: /HTTP\/1\.0/,
    },
    ...[
      "gzip",
      "chunked, gzip",
      "chunked, chunked",
      ",chunked",
      "chunked,",
      "",
      "identity",
      "xchunked",
      "chunked;a=b",
      '"chunked"',
      "\x0chunked",
      "chunked\t",
    ].map((coding) => ({
      name: `Transfer-Encoding: ${JSON.stringify(coding)} (6.3)`,
      text: request("POST / HTTP/1.1", HOST, `Transfer-Encoding: ${coding}`),
      message: /Transfer-Encoding|control/,
    })),
    {
      name: "chunked in two lines",
      text: request("POST / HTTP/1.1", HOST, "Transfer-Encoding: chunked", "transfer-encoding: chunked"),
      message: /Transfer-Encoding/,
    },
    {
      name: "a coding before chunked",
      text: request("POST / HTTP/1.1", HOST, "Transfer-Encoding: gzip", "Transfer-Encoding: chunked"),
      kind: "unknown-transfer-coding",
      message: /other than chunked/,
    },
    ...["+1", "-1", "0x5", "", " ", "5 5", "5;", "1e3", "5,", ",5", "0b1", "5_0", "\xb2", "5, 6"].map(
      (length) => ({
        name: `Content-Length: ${JSON.stringify(length)} (6.3)`,
        text: request("POST / HTTP/1.1", HOST, `Content-Length: ${length}`),
        message: /Content-Length/,
      }),
    ),
    {
      name: "a Content-Length of 2^53",
      text: request("POST / HTTP/1.1", HOST, "Content-Length: 9007199254740992"),
      message: /2\^53/,
    },
    {
      name: "a Content-Length of 2^64 + 5",
      text: request("POST / HTTP/1.1", HOST, "Content-Length: 18446744073709551621"),
      message: /2\^53/,
    },
    {
      name: "two Content-Lengths",
      text: request("POST / HTTP/1.1", HOST, "Content-Length: 3", "CONTENT-LENGTH: 4"),
      message: /contradict/,
    },
    {
      name: "white space before a colon (5.1)",
      text: request("GET / HTTP/1.1", HOST, "A : b"),
      message: /colon/,
    },
    {
      name: "a tab before a colon",
      text: request("GET / HTTP/1.1", HOST, "Transfer-Encoding\t: chunked"),
      message: /colon/,
    },
    {
      name: "a folded line (5.2)",
      text: request("GET / HTTP/1.1", HOST, "A: b", " c"),
      message: /field name/,
    },
    {
      name: "a first line that is folded",
      text: request("GET / HTTP/1.1", " Host: h"),
      message: /field name/,
    },
    { name: "a line without colon", text: request("GET / HTTP/1.1", HOST, "A"), message: /field name/ },
    { name: "an empty name", text: request("GET / HTTP/1.1", HOST, ": b"), message: /field name/ },
    ...["(a)", "a b", "a\0", "a\xe9", "a/b", 'a"', "a@", "a[", "a\x7f", "a{"].map((fieldName) => ({
      name: `the name ${JSON.stringify(fieldName)} (RFC 9110 5.6.2)`,
      text: request("GET / HTTP/1.1", HOST, `${fieldName}: b`),
      message: /field name/,
    })),
    ...["\0", "\x01", "\x08", "\x0b", "\x1f", "\x7f"].map((control) => ({
      name: `${JSON.stringify(control)} in a value (RFC 9110 5.5, CVE-2019-9900)`,
      text: request("GET / HTTP/1.1", HOST, `A: b${control}c`),
      message: /control/,
    })),
    { name: "a bare LF behind a field (2.2)", text: "GET / HTTP/1.1\r\nHost: h\n\r\n", message: /control/ },
    {
      name: "a bare LF behind the request line",
      text: "GET / HTTP/1.1\nHost: h\r\n\r\n",
      message: /version/,
    },
    { name: "a bare LF as empty line", text: "GET / HTTP/1.1\r\nHost: h\r\n\n", message: /field name/ },
    { name: "a bare CR in a value", text: "GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n", message: /CR/ },
    { name: "a bare CR as empty line", text: "GET / HTTP/1.1\r\nHost: h\r\n\rGET", message: /CR/ },
    {
      name: "a bare CR behind the request line",
      text: "GET / HTTP/1.1\rHost: h\r\n\r\n",
      message: /request line/,
    },
    { name: "a bare CR before the request", text: "\rGET / HTTP/1.1\r\nHost: h\r\n\r\n", message: /CR/ },
    { name: "two empty lines before the request", text: `\r\n\r\n${GET}`, message: /method/ },
    { name: "no Host (3.2)", text: request("GET / HTTP/1.1"), message: /no Host/ },
    { name: "no Host with absolute-form", text: request("GET http://h/ HTTP/1.1"), message: /no Host/ },
    { name: "two Hosts", text: request("GET / HTTP/1.1", HOST, "HOST: h"), message: /more than one/ },
    ...["a b", "h/", "u@h", "h:8x", "[::1", "[]", "::1", "h%2", "h%zz", "\xe9", "[::1]x", "a:1:2"].map(
      (host) => ({
        name: `Host: ${JSON.stringify(host)}`,
        text: request("GET / HTTP/1.1", `Host: ${host}`),
        message: /Host is no host/,
      }),
    ),
    ...[
      "a",
      "h:80",
      "https://h/",
      "http:///",
      "http://",
      "http://:80/",
      "http://u@h/",
      "http:/h/",
      "httpx://h/",
      "?a",
      "**",
      "http://?q",
    ].map((target) => ({
      name: `the target ${target} (3.2)`,
      text: request(`GET ${target} HTTP/1.1`, HOST),
      message: /neither a path/,
    })),
    {
      name: "* for another method than OPTIONS",
      text: request("GET * HTTP/1.1", HOST),
      message: /other than OPTIONS/,
    },
    ...["/a#b", "/\xe9", "/\x7f", "/\0", "/\t", ""].map((target) => ({
      name: `the target ${JSON.stringify(target)}`,
      text: request(`GET ${target} HTTP/1.1`, HOST),
      message: /target/,
    })),
    { name: "two spaces before the target (3)", text: request("GET  / HTTP/1.1", HOST), message: /target/ },
    { name: "two spaces before the version", text: request("GET /  HTTP/1.1", HOST), message: /version/ },
    { name: "a tab behind the method", text: request("GET\t/ HTTP/1.1", HOST), message: /method/ },
    { name: "a space before the method", text: request(" GET / HTTP/1.1", HOST), message: /method/ },
    { name: "no method", text: request("/ HTTP/1.1", HOST), message: /method/ },
    { name: "the method PRI", text: request("PRI * HTTP/2.0"), message: /PRI/ },
    ...[
      "HTTP/1.2",
      "HTTP/2.0",
      "HTTP/0.9",
      "http/1.1",
      "HTTP/1.1 ",
      "HTTP/1.10",
      "HTTP/1,1",
      "HTTP/11",
      "",
      "HTTPS/1.1",
    ].map((version) => ({
      name: `the version ${JSON.stringify(version)} (2.3)`,
      text: request(`GET / ${version}`, HOST),
      message: /version/,
    })),
    { name: "HTTP/0.9", text: "GET /\r\n\r\n", message: /target/ },
    ...[
      "Host",
      "Content-Length",
      "Transfer-Encoding",
      "Content-Type",
      "Cookie",
      "Authorization",
      "Expect",
    ].map((named) => ({
      name: `a Connection that names ${named} (RFC 9110 7.6.1)`,
      text: request("GET / HTTP/1.1", HOST, `Connection: close, ${named.toUpperCase()}`),
      message: /Connection names/,
    })),
    {
      name: "33 connection options",
      text: request("GET / HTTP/1.1", HOST, `Connection: ${"x, ".repeat(33)}`),
      message: /too many/,
    },
    {
      name: "CONNECT",
      text: request("CONNECT h:443 HTTP/1.1", HOST),
      kind: "method-not-forwardable",
      message: /CONNECT/,
    },
    { name: "bytes that are no HTTP at all", text: "\x16\x03\x01\x02\0\x01", message: /method/ },
  ];
  for (const c of refused) {
    it(`refuses ${c.name}`, () => {
      const { error, messages } = readRequests(c.text);
      assert.equal(error?.kind, c.kind ?? "malformed");
      assert.match(error.message, c.message);
      assert.deepEqual(messages, []);
    });
  }

  it("gives the same string for the same method and path", () => {
    const heads = readRequests(GET + GET).messages;
    assert.equal(heads[0]?.head.method, "GET");
    assert.equal(heads[1]?.head.path, "/");
  });

  it("doesn't keep a path that is longer than what is worth comparing", () => {
    const long = `/${"a".repeat(300)}`;
    const text = request(`GET ${long} HTTP/1.1`, HOST);
    assert.deepEqual(
      readRequests(text + text).messages.map(({ head }) => head.path),
      [long, long],
    );
  });

  it("reads pipelined requests one after the other", () => {
    const post = `${request("POST /b HTTP/1.1", HOST, "Content-Length: 3")}abc`;
    const { messages, isIdle, error } = readRequests(GET + post + GET);
    assert.deepEqual(
      messages.map(({ head, body, isComplete }) => [head.path, body, isComplete]),
      [
        ["/", "", true],
        ["/b", "abc", true],
        ["/", "", true],
      ],
    );
    assert.equal(isIdle, true);
    assert.equal(error, undefined);
  });

  it("reads nothing behind the last request (9.6)", () => {
    const { messages, rest, isIdle } = readRequests(
      request("GET / HTTP/1.1", HOST, "Connection: close") + GET,
    );
    assert.equal(messages.length, 1);
    assert.equal(rest, GET);
    assert.equal(isIdle, false);
  });

  const ends: readonly { name: string; text: string; kind: string | undefined }[] = [
    { name: "before any request", text: "", kind: undefined },
    { name: "after an empty line", text: "\r\n", kind: undefined },
    { name: "between requests", text: GET, kind: undefined },
    { name: "inside a head", text: GET.slice(0, -1), kind: "truncated" },
    {
      name: "inside a body",
      text: `${request("POST / HTTP/1.1", HOST, "Content-Length: 3")}ab`,
      kind: "truncated",
    },
    { name: "after an error", text: "\0", kind: "malformed" },
  ];
  for (const c of ends) {
    it(`judges an end of the connection ${c.name}`, () => {
      assert.equal(readRequests(c.text, { ends: true }).error?.kind, c.kind);
    });
  }

  it("stays at an error, and after finish too", () => {
    const parser = new RequestParser(DEFAULT_HTTP1_LIMITS);
    parser.feed(Buffer.from("\0"), 0, 1);
    assert.equal(parser.next(), ParserEvent.Error);
    assert.equal(parser.next(), ParserEvent.Error);
    parser.feed(Buffer.from(GET), 0, GET.length);
    assert.equal(parser.next(), ParserEvent.Error);
    assert.equal(parser.finish(), ParserEvent.Error);
    assert.equal(parser.error.kind, "malformed");
  });

  it("is as new after a reset", () => {
    const parser = new RequestParser(DEFAULT_HTTP1_LIMITS);
    const bytes = Buffer.from(request("POST /x HTTP/1.1", HOST, "Connection: close", "Content-Length: 5"));
    parser.feed(bytes, 0, bytes.length);
    assert.equal(parser.next(), ParserEvent.Head);
    parser.reset();
    assert.equal(parser.isIdle, true);
    assert.equal(parser.head.fields.count, 0);
    assert.equal(parser.input.length, 0);
    parser.feed(Buffer.from(GET), 0, GET.length);
    assert.equal(parser.next(), ParserEvent.Head);
    assert.equal(parser.head.framing, Framing.None);
    assert.equal(parser.next(), ParserEvent.End);
    assert.equal(parser.isIdle, true);
  });

  it("keeps a retained head when the read buffer is used again", () => {
    const parser = new RequestParser(DEFAULT_HTTP1_LIMITS);
    const buffer = Buffer.alloc(200);
    const length = buffer.write(request("PUT http://h:1/x?y HTTP/1.1", HOST, "A: b", "Content-Length: 5"), 7);
    parser.feed(buffer, 7, 7 + length);
    assert.equal(parser.next(), ParserEvent.Head);
    parser.retainHead();
    parser.retainHead();
    buffer.fill("x");
    const { head } = parser;
    assert.deepEqual(
      [head.method, head.target, head.host, head.fields.valueOf("a")],
      ["PUT", "/x?y", "h:1", "b"],
    );
    assert.equal(head.sizeBytes, length);
  });

  it("keeps unread bytes when the read buffer is used again", () => {
    const parser = new RequestParser(DEFAULT_HTTP1_LIMITS);
    const buffer = Buffer.from(GET + GET.replace("/", "/second"));
    parser.feed(buffer, 0, buffer.length);
    assert.equal(parser.next(), ParserEvent.Head);
    assert.equal(parser.next(), ParserEvent.End);
    parser.retainUnread();
    buffer.fill("x");
    assert.equal(parser.isIdle, false);
    assert.equal(parser.next(), ParserEvent.Head);
    assert.equal(parser.head.path, "/second");
  });

  describe("limits", () => {
    const head = request("GET / HTTP/1.1", HOST, "A: b", "C: d");
    const limitCases: readonly { name: string; text: string; limits: object; kind: string | undefined }[] = [
      { name: "a head of headBytes", text: head, limits: { headBytes: head.length }, kind: undefined },
      {
        name: "a head of headBytes + 1",
        text: head,
        limits: { headBytes: head.length - 1 },
        kind: "head-too-large",
      },
      {
        name: "a head that doesn't end",
        text: head.slice(0, -3),
        limits: { headBytes: 20 },
        kind: "head-too-large",
      },
      {
        name: "a body behind a head of headBytes",
        text: `${head}${GET}`,
        limits: { headBytes: head.length },
        kind: undefined,
      },
      { name: "fieldCount fields", text: head, limits: { fieldCount: 3 }, kind: undefined },
      { name: "fieldCount + 1 fields", text: head, limits: { fieldCount: 2 }, kind: "head-too-large" },
      { name: "no field at all", text: head, limits: { fieldCount: 0 }, kind: "head-too-large" },
      { name: "a fault before the limit", text: `G@T ${head}`, limits: { headBytes: 10 }, kind: "malformed" },
    ];
    const everywhere = Array.from({ length: 200 }, (_, index) => index);
    for (const c of limitCases) {
      it(`judge ${c.name}, in one read and byte by byte`, () => {
        assert.equal(readRequests(c.text, { limits: c.limits }).error?.kind, c.kind);
        assert.equal(readRequests(c.text, { limits: c.limits, cuts: everywhere }).error?.kind, c.kind);
      });
    }

    it("let 200 fields and 64 KiB pass by default", () => {
      const fields = Array.from({ length: 199 }, (_, index) => `x-${index}: ${"v".repeat(300)}`);
      const text = request("GET / HTTP/1.1", HOST, ...fields);
      assert.equal(readRequests(text, { cuts: [5_000, 30_000] }).messages[0]?.head.fields.length, 200);
      assert.equal(
        readRequests(request("GET / HTTP/1.1", HOST, ...fields, "x: y")).error?.kind,
        "head-too-large",
      );
      assert.equal(
        readRequests(request("GET / HTTP/1.1", HOST, `x: ${"v".repeat(65_536)}`)).error?.kind,
        "head-too-large",
      );
    });
  });
});
