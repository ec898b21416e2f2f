import assert from "node:assert/strict";
import { Framing } from "../../../src/http1/parser-event.ts";
import { forwardRequests } from "../forward.ts";
import {
  type Reading,
  type ReadMessage,
  type RequestFacts,
  readRequests,
  readResponses,
} from "../read-messages.ts";

const POST = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
const EVERYWHERE = Array.from({ length: 400 }, (_, index) => index);

function read(chunks: string, limits: object = {}): Reading<RequestFacts> {
  const whole = readRequests(POST + chunks, { limits });
  const inPieces = readRequests(POST + chunks, { limits, cuts: EVERYWHERE });
  assert.deepEqual(
    { messages: inPieces.messages, error: inPieces.error },
    { messages: whole.messages, error: whole.error },
  );
  return whole;
}

function only(reading: Reading<RequestFacts>): ReadMessage<RequestFacts> {
  assert.equal(reading.error, undefined);
  const [message] = reading.messages;
  assert.ok(message);
  assert.equal(message.isComplete, true);
  return message;
}

describe("BodyReader: chunked bodies (RFC 9112 7.1)", () => {
  const taken: readonly { name: string; chunks: string; body: string }[] = [
    { name: "one chunk", chunks: "5\r\nhello\r\n0\r\n\r\n", body: "hello" },
    { name: "several chunks", chunks: "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", body: "abcde" },
    { name: "no chunk", chunks: "0\r\n\r\n", body: "" },
    {
      name: "sizes in both cases",
      chunks: "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n",
      body: "01234567890123456789",
    },
    { name: "16 digits", chunks: "0000000000000001\r\na\r\n0000000000000000\r\n\r\n", body: "a" },
    { name: "data that looks like chunks", chunks: "7\r\n0\r\n\r\n\r\n\r\n0\r\n\r\n", body: "0\r\n\r\n\r\n" },
    {
      name: "extensions, dropped (7.1.1)",
      chunks: '1;a;b=c;d="e\\"\t\xff;\\\\"\r\nx\r\n0;f\r\n\r\n',
      body: "x",
    },
  ];
  for (const c of taken) {
    it(`takes ${c.name}`, () => assert.equal(only(read(c.chunks)).body, c.body));
  }

  const refused: readonly { name: string; chunks: string; message: RegExp; body?: string }[] = [
    ...["", "0x1", "+1", "-1", " 1", "g", "\0", "1 ", "1\t", "1_0", "1,1", "00000000000000001", "\xb2"].map(
      (size) => ({
        name: `the size ${JSON.stringify(size)}`,
        chunks: `${size}\r\na\r\n0\r\n\r\n`,
        message: /chunk size/,
      }),
    ),
    { name: "a size of 2^53", chunks: "20000000000000\r\na", message: /2\^53/ },
    { name: "a size of 2^64 + 1", chunks: "10000000000000001\r\na", message: /16 digits|2\^53/ },
    { name: "a bare LF behind a size", chunks: "1\na\r\n0\r\n\r\n", message: /chunk size/ },
    { name: "a bare CR behind a size", chunks: "1\ra\r\n0\r\n\r\n", message: /CRLF after a chunk size/ },
    {
      name: "a chunk longer than its size",
      chunks: "1\r\nab\r\n0\r\n\r\n",
      message: /CRLF after a chunk/,
      body: "a",
    },
    {
      name: "a bare LF behind a chunk",
      chunks: "1\r\na\n0\r\n\r\n",
      message: /CRLF after a chunk/,
      body: "a",
    },
    {
      name: "a bare CR behind a chunk",
      chunks: "1\r\na\r0\r\n\r\n",
      message: /CRLF after a chunk/,
      body: "a",
    },
    ...[
      "; a",
      ";",
      ";a=",
      ";a=\r",
      ";a\n",
      ";a\rb",
      ";\0",
      ";a =b",
      ";a= b",
      ';a="b',
      ';a="b\r"',
      ';a="b\\\0"',
      ';a="b"c',
      ";a=b c",
      ";a==b",
      ";a=b=c",
      ';a"b"',
      ";\xe9",
    ].map((extension) => ({
      name: `the extension ${JSON.stringify(extension)}`,
      chunks: `1${extension}\r\na\r\n0\r\n\r\n`,
      message: /extension|CRLF/,
    })),
    { name: "a folded trailer", chunks: "0\r\nA: b\r\n c\r\n\r\n", message: /trailer/ },
    { name: "a trailer without colon", chunks: "0\r\nA\r\n\r\n", message: /trailer/ },
    { name: "white space before a trailer's colon", chunks: "0\r\nA : b\r\n\r\n", message: /trailer/ },
    { name: "a bare LF at the end", chunks: "0\r\n\n", message: /trailer/ },
    { name: "a bare CR at the end", chunks: "0\r\n\rx", message: /trailer/ },
    {
      name: "Content-Length in trailers",
      chunks: "0\r\nContent-Length: 3\r\n\r\n",
      message: /where a body ends/,
    },
    {
      name: "Transfer-Encoding in trailers",
      chunks: "0\r\nA: b\r\ntransfer-encoding: x\r\n\r\n",
      message: /where a body ends/,
    },
  ];
  for (const c of refused) {
    it(`refuses ${c.name}`, () => {
      const { error, messages } = read(c.chunks);
      assert.equal(error?.kind, "body-malformed");
      assert.match(error.message, c.message);
      assert.equal(messages[0]?.body, c.body ?? "");
      assert.equal(messages[0]?.isComplete, false);
    });
  }

  it("takes a size of 2^53 - 1", () => {
    const { error, messages } = readRequests(`${POST}1fffffffffffff\r\nabc`);
    assert.equal(error, undefined);
    assert.equal(messages[0]?.body, "abc");
  });

  it("tells trailers apart from the head (RFC 9110 6.5.1)", () => {
    const message = only(read("1\r\na\r\n0\r\nGrpc-Status: 0\r\nHost:  evil \r\n\r\n"));
    assert.deepEqual(message.trailers, [
      ["Grpc-Status", "0"],
      ["Host", "evil"],
    ]);
    assert.equal(message.head.host, "h");
    assert.equal(message.head.fields.length, 2);
  });

  it("forgets the trailers before a message of another framing", () => {
    const text = `${POST}0\r\nA: b\r\n\r\nPOST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx`;
    assert.match(forwardRequests(text, { framing: Framing.Chunked }), /0\r\nA: b\r\n\r\n[^]*x\r\n0\r\n\r\n$/);
  });

  it("doesn't take the trailers of one message for the next", () => {
    const { messages } = readRequests(`${POST}0\r\nA: b\r\n\r\n${POST}0\r\n\r\n${POST}0\r\nC: d\r\n\r\n`);
    assert.deepEqual(
      messages.map(({ trailers }) => trailers),
      [[["A", "b"]], [], [["C", "d"]]],
    );
  });

  const limitCases: readonly { name: string; chunks: string; limits: object; isTaken: boolean }[] = [
    {
      name: "an extension of the limit",
      chunks: "1;ab=c\r\nx\r\n0\r\n\r\n",
      limits: { chunkExtensionBytes: 5 },
      isTaken: true,
    },
    {
      name: "an extension above the limit",
      chunks: "1;ab=cd\r\nx\r\n0\r\n\r\n",
      limits: { chunkExtensionBytes: 5 },
      isTaken: false,
    },
    {
      name: "a quoted extension above the limit",
      chunks: '1;a="b\\c"\r\nx\r\n0\r\n\r\n',
      limits: { chunkExtensionBytes: 7 },
      isTaken: false,
    },
    {
      name: "extensions of the message's limit",
      chunks: "1;a\r\nx\r\n0;a\r\n\r\n",
      limits: { messageChunkExtensionBytes: 4 },
      isTaken: true,
    },
    {
      name: "extensions above the message's limit",
      chunks: "1;a\r\nx\r\n1;a\r\nx\r\n0;a\r\n\r\n",
      limits: { messageChunkExtensionBytes: 5 },
      isTaken: false,
    },
    {
      name: "trailers of the limit",
      chunks: "0\r\nA: b\r\n\r\n",
      limits: { trailerBytes: 8 },
      isTaken: true,
    },
    {
      name: "trailers above the limit",
      chunks: "0\r\nA: b\r\n\r\n",
      limits: { trailerBytes: 7 },
      isTaken: false,
    },
    {
      name: "trailer fields of the limit",
      chunks: "0\r\nA: b\r\nA: b\r\n\r\n",
      limits: { fieldCount: 2 },
      isTaken: true,
    },
    {
      name: "trailer fields above the limit",
      chunks: "0\r\nA: b\r\nA: b\r\nA: b\r\n\r\n",
      limits: { fieldCount: 2 },
      isTaken: false,
    },
  ];
  for (const c of limitCases) {
    it(`${c.isTaken ? "takes" : "refuses"} ${c.name}`, () => {
      assert.equal(read(c.chunks, c.limits).error?.kind, c.isTaken ? undefined : "body-malformed");
    });
  }

  it("starts the count of extensions anew for each message", () => {
    const message = `${POST}1;a\r\nx\r\n0\r\n\r\n`;
    const { error } = readRequests(message.repeat(3), { limits: { messageChunkExtensionBytes: 2 } });
    assert.equal(error, undefined);
  });

  it("gathers trailers that come in pieces, and gives back much memory", () => {
    const long = `A: ${"v".repeat(6_000)}\r\n`;
    const message = `${POST}0\r\n${long}\r\n`;
    const { messages, error } = readRequests(message + message, { cuts: [100, 300, 3_000, 5_000, 8_000] });
    assert.equal(error, undefined);
    assert.deepEqual(
      messages.map(({ trailers }) => trailers[0]?.[1].length),
      [6_000, 6_000],
    );
  });
});

describe("BodyReader: bodies with a length", () => {
  it("takes as many bytes as were announced, in any pieces", () => {
    const text =
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n0123456789GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    for (const cuts of [[], [52], [52, 53, 57], EVERYWHERE]) {
      const { messages, error } = readRequests(text, { cuts });
      assert.equal(error, undefined);
      assert.deepEqual(
        messages.map(({ head, body }) => [head.method, body]),
        [
          ["POST", "0123456789"],
          ["GET", ""],
        ],
      );
    }
  });
});

describe("BodyReader: bodies that end with the connection", () => {
  it("takes all bytes", () => {
    const { messages } = readResponses("HTTP/1.1 200 OK\r\n\r\nabc", { cuts: [20, 21], ends: true });
    assert.deepEqual([messages[0]?.body, messages[0]?.isComplete], ["abc", true]);
  });
});
