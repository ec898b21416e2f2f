import assert from "node:assert/strict";
import { compareReadings } from "./differential.ts";
import { NodeOracle, type OracleVerdict } from "./node-oracle.ts";
import { type HeadFacts, type Reading, readRequests, readResponses } from "./read-messages.ts";

const lines = (...all: readonly string[]) => [...all, "", ""].join("\r\n");
const GET = lines("GET / HTTP/1.1", "Host: h");
const POST = "POST / HTTP/1.1\r\nHost: h\r\n";
const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

interface Difference {
  readonly name: string;
  readonly side?: "response";
  readonly text: string;
}

/** All that we take and strict llhttp refuses. The fuzzer excuses nothing else. */
const moreLenient: readonly Difference[] = [
  { name: "a method of the application's own", text: lines("FROB / HTTP/1.1", "Host: h") },
  { name: "a method in lower case, which is another method", text: lines("get / HTTP/1.1", "Host: h") },
  {
    name: "equal Content-Lengths in two lines, one forwarded",
    text: `${POST}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`,
  },
  { name: "equal Content-Lengths in a list, one forwarded", text: `${POST}Content-Length: 1, 1\r\n\r\na` },
  {
    name: "bytes behind the last request, not read",
    text: lines("GET / HTTP/1.1", "Host: h", "Connection: close") + GET,
  },
  {
    name: "Proxy-Connection: close, which says nothing",
    text: lines("GET / HTTP/1.1", "Host: h", "Proxy-Connection: close") + GET,
  },
  {
    name: "Connection in trailers, which says nothing",
    text: `${CHUNKED}0\r\nConnection: close\r\n\r\n${GET}`,
  },
  {
    name: "white space before a colon in a response, removed",
    side: "response",
    text: lines("HTTP/1.1 200 OK", "Content-Length : 0"),
  },
];

/** What llhttp takes and we refuse, beside much that its users check themselves. */
const stricter: readonly Difference[] = [
  { name: "several Hosts", text: lines("GET / HTTP/1.1", "Host: h", "Host: h") },
  { name: "a Host that is none", text: lines("GET / HTTP/1.1", "Host: a b") },
  { name: "a fragment in the target", text: lines("GET /a#b HTTP/1.1", "Host: h") },
  { name: "* for GET", text: lines("GET * HTTP/1.1", "Host: h") },
  { name: "user information in the target", text: lines("GET http://u@h/ HTTP/1.1", "Host: h") },
  { name: "the version HTTP/2.0", text: lines("GET / HTTP/2.0", "Host: h") },
  { name: "HTTP/0.9", text: "GET /\r\n\r\n" },
  { name: "a bare CR before a request", text: `\r${GET}` },
  { name: "many empty lines before a request", text: `\r\n\r\n${GET}` },
  {
    name: "Transfer-Encoding in HTTP/1.0",
    text: "POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  },
  { name: "a coding before chunked", text: `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n` },
  { name: "17 digits of a chunk size", text: `${CHUNKED}00000000000000001\r\na\r\n0\r\n\r\n` },
  { name: "an extension without value", text: `${CHUNKED}1;a=\r\na\r\n0\r\n\r\n` },
  { name: "a Connection that names Host", text: lines("GET / HTTP/1.1", "Host: h", "Connection: host") },
  { name: "a status below 100", side: "response", text: lines("HTTP/1.1 099 OK", "Content-Length: 0") },
  {
    name: "an empty line before a response",
    side: "response",
    text: `\r\n${lines("HTTP/1.1 200 OK", "Content-Length: 0")}`,
  },
  {
    name: "a control character in the reason",
    side: "response",
    text: lines("HTTP/1.1 200 \x01", "Content-Length: 0"),
  },
  {
    name: "Transfer-Encoding that isn't chunked",
    side: "response",
    text: lines("HTTP/1.1 200 OK", "Transfer-Encoding: gzip"),
  },
  {
    name: "101 that was not asked for",
    side: "response",
    text: lines("HTTP/1.1 101 Go", "Connection: upgrade", "Upgrade: a"),
  },
];

describe("differences to strict llhttp", () => {
  let oracle: NodeOracle;
  before(async () => {
    oracle = await NodeOracle.start();
  });
  after(() => oracle[Symbol.asyncDispose]());

  async function readByBoth({ side, text }: Difference): Promise<[Reading<HeadFacts>, OracleVerdict]> {
    const bytes = Buffer.from(text, "latin1");
    return side === "response"
      ? [readResponses(text, { ends: true }), await oracle.judgeResponse("GET", bytes)]
      : [readRequests(text, { ends: true }), await oracle.judgeRequests(bytes)];
  }

  for (const difference of moreLenient) {
    it(`we take ${difference.name}`, async () => {
      const [ours, theirs] = await readByBoth(difference);
      assert.equal(ours.error, undefined);
      assert.ok(theirs.error);
      assert.ok(compareReadings(ours, theirs), "the fuzzer knows of it");
    });
  }

  for (const difference of stricter) {
    it(`we refuse ${difference.name}`, async () => {
      const [ours, theirs] = await readByBoth(difference);
      assert.ok(ours.error);
      assert.equal(theirs.error, undefined);
    });
  }

  it("the comparison notices what nobody excuses", async () => {
    const [ours] = await readByBoth({ name: "", text: GET });
    const [, refused] = await readByBoth({ name: "", text: lines("GET / HTTP/1.1", "Host: h", "A B: c") });
    const [, other] = await readByBoth({ name: "", text: lines("GET /other HTTP/1.1", "Host: h") });
    const [, more] = await readByBoth({ name: "", text: GET + GET });
    assert.throws(() => compareReadings(ours, refused), /we take it/);
    assert.throws(() => compareReadings(ours, other), /target/);
    assert.throws(() => compareReadings(ours, more), /number of messages/);
  });
});
