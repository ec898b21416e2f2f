import assert from "node:assert/strict";
import { forwardRequests } from "./forward.ts";
import { NodeOracle } from "./node-oracle.ts";
import { readRequests } from "./read-messages.ts";

/**
 * Ways to say "chunked" that some server understands and another doesn't: the techniques of request smuggling.
 * Each is sent with a Content-Length, and with a request hidden in the body.
 */
const SPELLINGS: readonly string[] = [
  "Transfer-Encoding: chunked",
  "Transfer-Encoding : chunked",
  "Transfer-Encoding\t: chunked",
  "Transfer-Encoding\r\n : chunked",
  "Transfer-Encoding\n: chunked",
  "Transfer-Encoding\0: chunked",
  "Transfer-Encoding:chunked",
  "Transfer-Encoding:\tchunked",
  "Transfer-Encoding:\x0bchunked",
  "Transfer-Encoding:\x0cchunked",
  "Transfer-Encoding:\r\n chunked",
  "Transfer-Encoding:\n chunked",
  "Transfer-Encoding:\rchunked",
  "Transfer-Encoding: chunked\r",
  "Transfer-Encoding: chunked\t",
  "Transfer-Encoding: chunked\x0b",
  "Transfer-Encoding: chunked\0",
  "Transfer-Encoding: \0chunked",
  "Transfer-Encoding: chunked ",
  "Transfer-Encoding:  chunked",
  "Transfer-Encoding: cHuNkEd",
  "tRANSFER-eNCODING: chunked",
  "Transfer-Encoding: \xa0chunked",
  "Transfer-Encoding: chunked\xa0",
  "Transfer-Encoding: ch\xfcnked",
  "Tr\xe4nsfer-Encoding: chunked",
  "Transfer-Encoding: xchunked",
  "Transfer-Encoding: chunkedx",
  "Transfer-Encoding: chunk",
  'Transfer-Encoding: "chunked"',
  "Transfer-Encoding: 'chunked'",
  "Transfer-Encoding: chunked, identity",
  "Transfer-Encoding: identity, chunked",
  "Transfer-Encoding: chunked, cow",
  "Transfer-Encoding: cow, chunked",
  "Transfer-Encoding: ,chunked",
  "Transfer-Encoding: chunked,",
  "Transfer-Encoding: chunked;a=b",
  "Transfer-Encoding: chunked;",
  "Transfer-Encoding: \\chunked",
  "Transfer-Encoding:",
  "Transfer-Encoding: identity",
  "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
  "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
  "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
  "Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
  " Transfer-Encoding: chunked",
  "\tTransfer-Encoding: chunked",
  "X: y\r\n Transfer-Encoding: chunked",
  "X: y\nTransfer-Encoding: chunked",
  "X: y\rTransfer-Encoding: chunked",
  "X: y\r\r\nTransfer-Encoding: chunked",
  "X: y\0\r\nTransfer-Encoding: chunked",
  "X:\r\nTransfer-Encoding: chunked",
  ":\r\nTransfer-Encoding: chunked",
  "X\r\nTransfer-Encoding: chunked",
  "Transfer_Encoding: chunked",
  "Transfer Encoding: chunked",
  "TransferEncoding: chunked",
  "X-Transfer-Encoding: chunked",
  "Content-Encoding: chunked",
  "Transfer-Encoding; chunked",
  "Transfer-Encoding chunked",
  "Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked",
  "Connection: Content-Length",
  "Expect: 100-continue\r\nTransfer-Encoding: chunked",
  "Content-Length: 0",
  "Content-Length: +0",
  "Content-Length:\x0b0",
  "Content-Length : 0",
  "Content_Length: 0",
  "Content-Length\0: 0",
  "Content-Length: 0x0",
  "Content-Length: 0\r\nContent-Length: 5",
  "Content-Length: 0, 5",
  "Content-Length: 1 0",
];

const FRAMING = /^(content-length|transfer-encoding)$/i;
const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";
/** Bodies, with the length at which the hidden request begins for those who don't see chunks. */
const BODIES = [
  { body: `0\r\n\r\n${HIDDEN}`, short: 5 },
  { body: `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`, short: 4 },
] as const;

describe("request smuggling", () => {
  let oracle: NodeOracle;
  before(async () => {
    oracle = await NodeOracle.start();
  });
  after(() => oracle[Symbol.asyncDispose]());

  for (const spelling of SPELLINGS) {
    it(`by ${JSON.stringify(spelling)}: an upstream sees what we saw, or nothing`, async () => {
      for (const { body, short } of BODIES) {
        for (const length of ["", `Content-Length: ${body.length}\r\n`, `Content-Length: ${short}\r\n`]) {
          for (const fields of [length + spelling, `${spelling}\r\n${length}`.replace(/\r\n$/, "")]) {
            const text = `POST / HTTP/1.1\r\nHost: h\r\n${fields}\r\n\r\n${body}`;
            const ours = readRequests(text).messages.filter(({ isComplete }) => isComplete);
            const forwarded = forwardRequests(text);
            const theirs = await oracle.judgeRequests(Buffer.from(forwarded, "latin1"));
            assert.deepEqual(
              theirs.messages.filter(({ isComplete }) => isComplete).map((each) => [each.target, each.body]),
              ours.map((each) => [each.head.target, each.body]),
              text,
            );
            const framings = theirs.messages.map(
              (each) => each.fields.filter(([name]) => FRAMING.test(name)).length,
            );
            assert.ok(
              framings.every((count) => count <= 1),
              text,
            );
          }
        }
      }
    });
  }
});
