import assert from "node:assert/strict";
import { DEFAULT_HTTP1_LIMITS } from "../../src/http1/limits.ts";
import { Framing, ParserEvent } from "../../src/http1/parser-event.ts";
import { ResponseParser } from "../../src/http1/response-parser.ts";
import { type ReadResponseOptions, type ResponseFacts, readResponses } from "./read-messages.ts";

/** A response with what the test cares about. */
function response(line: string, ...fields: readonly string[]): string {
  return [line, ...fields, "", ""].join("\r\n");
}

const OK = response("HTTP/1.1 200 OK", "Content-Length: 0");

function pick(head: ResponseFacts, like: Partial<ResponseFacts>): Partial<ResponseFacts> {
  return Object.fromEntries(Object.keys(like).map((key) => [key, head[key as keyof ResponseFacts]]));
}

describe("ResponseParser", () => {
  const understood: readonly { name: string; text: string; method?: string; is: Partial<ResponseFacts> }[] = [
    {
      name: "a status line (RFC 9112 4)",
      text: response("HTTP/1.1 404 Not \xe9\tFound", "Content-Length: 0"),
      is: {
        status: 404,
        reason: "Not \xe9\tFound",
        versionMinor: 1,
        keepAlive: true,
        isInformational: false,
      },
    },
    {
      name: "an empty reason",
      text: response("HTTP/1.1 200 ", "Content-Length: 0"),
      is: { status: 200, reason: "" },
    },
    {
      name: "no reason",
      text: response("HTTP/1.1 200", "Content-Length: 0"),
      is: { status: 200, reason: "" },
    },
    {
      name: "a status above 599",
      text: response("HTTP/1.1 999 ?", "Content-Length: 0"),
      is: { status: 999 },
    },
    {
      name: "Content-Length",
      text: response("HTTP/1.1 200 OK", "Content-Length: 7"),
      is: { framing: Framing.Length, contentLength: 7 },
    },
    {
      name: "chunked",
      text: response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"),
      is: { framing: Framing.Chunked },
    },
    {
      name: "neither: until the connection ends (6.3)",
      text: response("HTTP/1.1 200 OK"),
      is: { framing: Framing.Close, keepAlive: false },
    },
    {
      name: "HEAD: no body (6.3)",
      method: "HEAD",
      text: response("HTTP/1.1 200 OK", "Content-Length: 7"),
      is: { framing: Framing.None, contentLength: 7, keepAlive: true },
    },
    {
      name: "HEAD of a chunked resource",
      method: "HEAD",
      text: response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked"),
      is: { framing: Framing.None },
    },
    {
      name: "204 with Content-Length",
      text: response("HTTP/1.1 204 No", "Content-Length: 7"),
      is: { framing: Framing.None, keepAlive: true },
    },
    {
      name: "304 with Transfer-Encoding",
      text: response("HTTP/1.1 304 Same", "Transfer-Encoding: chunked"),
      is: { framing: Framing.None },
    },
    {
      name: "HTTP/1.0",
      text: response("HTTP/1.0 200 OK", "Content-Length: 0"),
      is: { versionMinor: 0, keepAlive: false },
    },
    {
      name: "HTTP/1.0 that stays",
      text: response("HTTP/1.0 200 OK", "Content-Length: 0", "Connection: keep-alive"),
      is: { keepAlive: true },
    },
    {
      name: "close",
      text: response("HTTP/1.1 200 OK", "Content-Length: 0", "Connection: close"),
      is: { keepAlive: false },
    },
    {
      name: "white space before a colon, stripped (5.1)",
      text: response("HTTP/1.1 200 OK", "Content-Length \t: 0", "A :b"),
      is: {
        framing: Framing.Length,
        fields: [
          ["Content-Length", "0"],
          ["A", "b"],
        ],
      },
    },
    {
      name: "Keep-Alive",
      text: response("HTTP/1.1 200 OK", "Content-Length: 0", "Keep-Alive: max=9, Timeout=65"),
      is: { keepAliveTimeoutSeconds: 65 },
    },
    {
      name: "Keep-Alive in quotes",
      text: response("HTTP/1.1 200 OK", "Content-Length: 0", 'Keep-Alive: timeout = "7"'),
      is: { keepAliveTimeoutSeconds: 7 },
    },
    {
      name: "Keep-Alive without timeout",
      text: response("HTTP/1.1 200 OK", "Content-Length: 0", "Keep-Alive: xtimeout=5"),
      is: { keepAliveTimeoutSeconds: undefined },
    },
    { name: "no Keep-Alive", text: OK, is: { keepAliveTimeoutSeconds: undefined } },
    {
      name: "NTLM among challenges",
      text: response("HTTP/1.1 401 No", "Content-Length: 0", 'WWW-Authenticate: Basic realm="a", NTLM'),
      is: { hasStickyAuthentication: true },
    },
    {
      name: "challenges without NTLM",
      text: response("HTTP/1.1 401 No", "Content-Length: 0", "WWW-Authenticate: Digest realm=ntlm"),
      is: { hasStickyAuthentication: false },
    },
  ];
  for (const c of understood) {
    it(`understands ${c.name}`, () => {
      const { messages, error } = readResponses(c.text, { methods: [c.method ?? "GET"] });
      assert.equal(error, undefined);
      const [first] = messages;
      assert.ok(first);
      assert.deepEqual(pick(first.head, c.is), c.is);
    });
  }

  const refused: readonly {
    name: string;
    text: string;
    options?: ReadResponseOptions;
    kind?: string;
    message: RegExp;
  }[] = [
    {
      name: "Content-Length with Transfer-Encoding",
      text: response("HTTP/1.1 200 OK", "Content-Length: 3", "Transfer-Encoding: chunked"),
      message: /both/,
    },
    {
      name: "both, even for HEAD",
      options: { methods: ["HEAD"] },
      text: response("HTTP/1.1 200 OK", "Content-Length: 3", "Transfer-Encoding: chunked"),
      message: /both/,
    },
    {
      name: "Transfer-Encoding in HTTP/1.0",
      text: response("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"),
      message: /HTTP\/1\.0/,
    },
    {
      name: "a coding that isn't chunked",
      text: response("HTTP/1.1 200 OK", "Transfer-Encoding: gzip"),
      message: /chunked/,
    },
    {
      name: "contradicting Content-Lengths",
      text: response("HTTP/1.1 200 OK", "Content-Length: 3, 4"),
      message: /contradict/,
    },
    {
      name: "a negative Content-Length",
      text: response("HTTP/1.1 200 OK", "Content-Length: -1"),
      message: /Content-Length/,
    },
    {
      name: "a Connection that names Content-Length",
      text: response("HTTP/1.1 200 OK", "Connection: content-length"),
      message: /Connection names/,
    },
    ...["20", "2000", "099", "2x0", "20x", "", "-20", "\t200"].map((status) => ({
      name: `the status ${JSON.stringify(status)}`,
      text: response(`HTTP/1.1 ${status} OK`, "Content-Length: 0"),
      message: /status/,
    })),
    ...["HTTP/1.2", "HTTP/2.0", "http/1.1", "HTTP/1.1\t", "HTTP", "ICY"].map((version) => ({
      name: `the version ${JSON.stringify(version)}`,
      text: response(`${version} 200 OK`, "Content-Length: 0"),
      message: /version/,
    })),
    { name: "a control character in the reason", text: response("HTTP/1.1 200 O\0K"), message: /reason/ },
    { name: "a bare LF behind the status line", text: "HTTP/1.1 200 OK\n\r\n", message: /reason/ },
    { name: "a bare CR behind the status line", text: "HTTP/1.1 200 OK\r\r\n\r\n", message: /CRLF/ },
    { name: "an empty line before the response", text: `\r\n${OK}`, message: /version/ },
    { name: "a folded line", text: response("HTTP/1.1 200 OK", "A: b", " c"), message: /field name/ },
    {
      name: "a name with white space and no colon",
      text: response("HTTP/1.1 200 OK", "A b: c"),
      message: /field name/,
    },
    {
      name: "white space before an empty name",
      text: response("HTTP/1.1 200 OK", " : c"),
      message: /field name/,
    },
    {
      name: "101 that nobody asked for",
      text: response("HTTP/1.1 101 Go", "Connection: upgrade", "Upgrade: a"),
      message: /101/,
    },
    {
      name: "101 without Upgrade",
      options: { isUpgrade: true },
      text: response("HTTP/1.1 101 Go", "Connection: upgrade"),
      message: /101/,
    },
    {
      name: "101 without Connection",
      options: { isUpgrade: true },
      text: response("HTTP/1.1 101 Go", "Upgrade: a"),
      message: /101/,
    },
    { name: "an interim response of HTTP/1.0", text: response("HTTP/1.0 100 Go"), message: /interim/ },
    {
      name: "an interim response that closes",
      text: response("HTTP/1.1 103 Go", "Connection: close"),
      message: /interim/,
    },
    {
      name: "65 interim responses",
      text: response("HTTP/1.1 103 Go").repeat(65),
      message: /too many interim/,
    },
    {
      name: "bytes without a request",
      options: { methods: [] },
      text: OK,
      kind: "unsolicited",
      message: /asked nothing/,
    },
    {
      name: "a head too large",
      options: { limits: { headBytes: 20 } },
      text: OK,
      kind: "head-too-large",
      message: /head/,
    },
    {
      name: "too many fields",
      options: { limits: { fieldCount: 0 } },
      text: OK,
      kind: "head-too-large",
      message: /fields/,
    },
    {
      name: "an end before the response",
      options: { ends: true },
      text: "",
      kind: "truncated",
      message: /before a response/,
    },
    {
      name: "an end inside the head",
      options: { ends: true },
      text: OK.slice(0, -1),
      kind: "truncated",
      message: /inside/,
    },
    {
      name: "an end after an interim response",
      options: { ends: true },
      text: response("HTTP/1.1 100 Go"),
      kind: "truncated",
      message: /inside/,
    },
  ];
  for (const c of refused) {
    it(`refuses ${c.name}`, () => {
      const { error, messages } = readResponses(c.text, c.options);
      assert.equal(error?.kind, c.kind ?? "malformed");
      assert.match(error.message, c.message);
      assert.deepEqual(
        messages.filter(({ head }) => !head.isInformational),
        [],
      );
    });
  }

  it("reads Keep-Alive anew in each response", () => {
    const texts = ["timeout=5", "timeout=5", "max=3", "timeout=7"].map((value) =>
      response("HTTP/1.1 200 OK", "Content-Length: 0", `Keep-Alive: ${value}`),
    );
    const { messages } = readResponses(texts.join(""), { methods: ["GET", "GET", "GET", "GET"] });
    assert.deepEqual(
      messages.map(({ head }) => head.keepAliveTimeoutSeconds),
      [5, 5, undefined, 7],
    );
  });

  it("passes interim responses on before the final one (RFC 9110 15.2)", () => {
    const text = response("HTTP/1.1 100 Continue") + response("HTTP/1.1 103 Early Hints", "Link: a") + OK;
    const { messages, isIdle } = readResponses(text);
    assert.deepEqual(
      messages.map(({ head }) => [head.status, head.isInformational]),
      [
        [100, true],
        [103, true],
        [200, false],
      ],
    );
    assert.equal(isIdle, true);
  });

  it("leaves what follows a 101 to the tunnel", () => {
    const text = `${response("HTTP/1.1 101 Go", "Connection: Upgrade", "Upgrade: websocket")}\x81\x00`;
    const { messages, rest, error } = readResponses(text, { isUpgrade: true });
    assert.deepEqual(
      [messages[0]?.head.status, messages[0]?.isComplete, messages[0]?.head.keepAlive],
      [101, true, false],
    );
    assert.equal(rest, "\x81\x00");
    assert.equal(error, undefined);
  });

  it("refuses a second response to one request", () => {
    const { messages, error } = readResponses(OK + OK);
    assert.equal(messages.length, 1);
    assert.equal(error?.kind, "unsolicited");
  });

  it("reads no body after HEAD, 204 and 304, so that a body there is unsolicited", () => {
    for (const [method, status] of [
      ["HEAD", 200],
      ["GET", 204],
      ["GET", 304],
    ] as const) {
      const { messages, error } = readResponses(
        `${response(`HTTP/1.1 ${status} x`, "Content-Length: 2")}hi`,
        { methods: [method] },
      );
      assert.deepEqual([messages[0]?.body, messages[0]?.isComplete, error?.kind], ["", true, "unsolicited"]);
    }
  });

  it("keeps to the method of each request", () => {
    const withLength = response("HTTP/1.1 200 OK", "Content-Length: 2");
    const { messages, isIdle } = readResponses(`${withLength}${withLength}hi${withLength}`, {
      methods: ["HEAD", "GET", "HEAD"],
    });
    assert.deepEqual(
      messages.map(({ body }) => body),
      ["", "hi", ""],
    );
    assert.equal(isIdle, true);
  });

  const bodies: readonly {
    name: string;
    text: string;
    body: string;
    isComplete: boolean;
    kind: string | undefined;
  }[] = [
    {
      name: "ends with the connection",
      text: `${response("HTTP/1.1 200 OK")}hi`,
      body: "hi",
      isComplete: true,
      kind: undefined,
    },
    {
      name: "is empty and ends with the connection",
      text: response("HTTP/1.1 200 OK"),
      body: "",
      isComplete: true,
      kind: undefined,
    },
    {
      name: "has its length",
      text: `${response("HTTP/1.1 200 OK", "Content-Length: 2")}hi`,
      body: "hi",
      isComplete: true,
      kind: undefined,
    },
    {
      name: "is shorter than its length",
      text: `${response("HTTP/1.1 200 OK", "Content-Length: 3")}hi`,
      body: "hi",
      isComplete: false,
      kind: "truncated",
    },
    {
      name: "ends before the last chunk",
      text: `${response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}2\r\nhi\r\n`,
      body: "hi",
      isComplete: false,
      kind: "truncated",
    },
    {
      name: "ends in the trailers",
      text: `${response("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}0\r\nA: b\r\n`,
      body: "",
      isComplete: false,
      kind: "truncated",
    },
    {
      name: "is followed by an end after close",
      text: `${response("HTTP/1.1 200 OK", "Content-Length: 2", "Connection: close")}hi`,
      body: "hi",
      isComplete: true,
      kind: undefined,
    },
  ];
  for (const c of bodies) {
    it(`judges a body that ${c.name}`, () => {
      const { messages, error } = readResponses(c.text, { ends: true });
      assert.deepEqual(
        [messages[0]?.body, messages[0]?.isComplete, error?.kind],
        [c.body, c.isComplete, c.kind],
      );
    });
  }

  it("ignores what follows the last response of a connection", () => {
    const { rest, error } = readResponses(
      `${response("HTTP/1.1 200 OK", "Content-Length: 0", "Connection: close")}xyz`,
    );
    assert.equal(rest, "xyz");
    assert.equal(error, undefined);
  });

  it("is not idle once a byte of the response has come", () => {
    const parser = new ResponseParser(DEFAULT_HTTP1_LIMITS);
    parser.expectResponse("GET");
    assert.equal(parser.next(), ParserEvent.NeedMore);
    parser.feed(Buffer.from("H"), 0, 1);
    assert.equal(parser.next(), ParserEvent.NeedMore);
    assert.equal(parser.isIdle, false);
  });

  it("stays at an error and is as new after a reset", () => {
    const parser = new ResponseParser(DEFAULT_HTTP1_LIMITS);
    const bytes = Buffer.from(OK);
    parser.feed(bytes, 0, bytes.length);
    assert.equal(parser.next(), ParserEvent.Error);
    assert.equal(parser.next(), ParserEvent.Error);
    assert.equal(parser.finish(), ParserEvent.Error);
    parser.reset();
    assert.equal(parser.isIdle, true);
    parser.expectResponse("GET");
    parser.expectResponse("HEAD");
    parser.feed(bytes, 0, bytes.length);
    assert.equal(parser.next(), ParserEvent.Head);
    assert.equal(parser.head.framing, Framing.Length);
    assert.equal(parser.next(), ParserEvent.End);
    assert.equal(parser.finish(), ParserEvent.NeedMore);
  });

  it("keeps a retained head and unread bytes when the read buffer is used again", () => {
    const parser = new ResponseParser(DEFAULT_HTTP1_LIMITS);
    const buffer = Buffer.from(`${response("HTTP/1.1 200 Fine", "Content-Length: 2", "A: b")}hi`);
    parser.expectResponse("GET");
    parser.feed(buffer, 0, buffer.length);
    assert.equal(parser.next(), ParserEvent.Head);
    parser.retainHead();
    parser.retainUnread();
    parser.retainUnread();
    buffer.fill("x");
    assert.deepEqual([parser.head.reason, parser.head.fields.valueOf("a")], ["Fine", "b"]);
    assert.equal(parser.next(), ParserEvent.Data);
    assert.equal(parser.input.toString("latin1", parser.dataStart, parser.dataEnd), "hi");
    assert.equal(parser.next(), ParserEvent.End);
    parser.retainUnread();
    assert.equal(parser.isIdle, true);
  });
});
