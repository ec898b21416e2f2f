import assert from "node:assert/strict";
import { METHODS } from "node:http";
import { compileHeadEdits } from "../../src/http1/head-edits.ts";
import { NEVER_IN_TRAILERS } from "../../src/http1/known-fields.ts";
import { Framing } from "../../src/http1/parser-event.ts";
import { Dice } from "../support/dice.ts";
import { forwardRequests, forwardResponses } from "./forward.ts";
import type { NodeOracle, OracleMessage, OracleVerdict } from "./node-oracle.ts";
import { randomCuts, randomRequests, randomResponses } from "./random-messages.ts";
import {
  type Fields,
  type HeadFacts,
  type Reading,
  type ReadMessage,
  type RequestFacts,
  type ResponseFacts,
  readRequests,
  readResponses,
} from "./read-messages.ts";

/** What a run of the fuzzer did. */
export interface FuzzCounts {
  cases: number;
  /** We took all of it. */
  accepted: number;
  /** We refused some, node none. */
  stricter: number;
  /** Node refused what we take, on purpose: by the name of the reason. */
  readonly excused: Map<string, number>;
}

export function noCounts(): FuzzCounts {
  return { cases: 0, accepted: 0, stricter: 0, excused: new Map() };
}

/** Where we deliberately take what strict llhttp refuses. `code` is the error of node. */
interface Excuse {
  readonly why: string;
  readonly codes: readonly string[] | "any";
  readonly applies: (reading: Reading<HeadFacts & { readonly method?: string }>, refused: number) => boolean;
}

const valuesOf = (message: ReadMessage<HeadFacts> | undefined, name: string) =>
  (message?.head.fields ?? []).filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);

const EXCUSES: readonly Excuse[] = [
  {
    why: "a method that llhttp does not know: any token is forwarded, applications may have their own",
    codes: ["HPE_INVALID_METHOD"],
    applies: (reading, refused) => !METHODS.includes(reading.messages[refused]?.head.method ?? "GET"),
  },
  {
    why: "equal Content-Lengths: RFC 9112 6.3 lets us forward one of them",
    codes: ["HPE_UNEXPECTED_CONTENT_LENGTH", "HPE_INVALID_CONTENT_LENGTH"],
    applies: (reading, refused) => {
      const values = valuesOf(reading.messages[refused], "content-length");
      return values.length > 1 || values.some((value) => value.includes(","));
    },
  },
  {
    why: "bytes after the last message: they are not looked at (RFC 9112 9.6), llhttp calls them an error",
    codes: "any",
    applies: (reading, refused) => reading.rest !== "" && refused >= reading.messages.length,
  },
  {
    why: "Proxy-Connection says nothing (RFC 9112 C.2.2), llhttp takes it for Connection",
    codes: ["HPE_CLOSED_CONNECTION"],
    applies: (reading, refused) => valuesOf(reading.messages[refused - 1], "proxy-connection").length > 0,
  },
  {
    why: "Connection in trailers says nothing (RFC 9110 6.5.1), llhttp merges it",
    codes: ["HPE_CLOSED_CONNECTION"],
    applies: (reading, refused) =>
      (reading.messages[refused - 1]?.trailers ?? []).some(([name]) => /^(proxy-)?connection$/i.test(name)),
  },
  {
    why: "white space before a colon in a response: a proxy must remove it (RFC 9112 5.1)",
    codes: ["HPE_INVALID_HEADER_TOKEN"],
    applies: (reading, refused) => "status" in (reading.messages[refused]?.head ?? {}),
  },
];

/** Node tells the end inside a message by these. */
const TRUNCATION = new Set(["HPE_INVALID_EOF_STATE", "ECONNRESET"]);

function withoutHopByHop(fields: Fields): Fields {
  const named = fields
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(/[^!#$%&'*+\-.^_`|~0-9a-z]+/));
  const dropped = new Set([
    ...named,
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "upgrade",
    "http2-settings",
    "transfer-encoding",
    "content-length",
  ]);
  dropped.delete("");
  return fields.filter(([name]) => !dropped.has(name.toLowerCase()));
}

function originForm(head: RequestFacts, target: string): string {
  const absolute = /^http:\/\/[^/?]*(.*)$/i.exec(target)?.[1];
  if (absolute === undefined) return target;
  if (absolute === "" && head.method === "OPTIONS") return "*";
  return absolute.startsWith("/") ? absolute : `/${absolute}`;
}

/** Compares what both made of a message, as far as both read it. */
function compareMessage(ours: ReadMessage<HeadFacts>, theirs: OracleMessage): void {
  const facts = ours.head as Partial<RequestFacts> & { readonly status?: number } & HeadFacts;
  if (facts.method === undefined) {
    assert.equal(theirs.status, facts.status, "status");
  } else {
    assert.equal(theirs.method, facts.method, "method");
    assert.equal(originForm(ours.head as RequestFacts, theirs.target), facts.target, "target");
  }
  assert.deepEqual(theirs.fields, facts.fields, "fields");
  if (!ours.isComplete) return;
  assert.equal(theirs.isComplete, true, "complete");
  assert.equal(theirs.body, ours.body, "body");
  assert.deepEqual(theirs.trailers, ours.trailers, "trailers");
}

/** The oracle looks no further than a request to upgrade; node takes Proxy-Connection for Connection. */
function isTunnelForNode(message: ReadMessage<HeadFacts>): boolean {
  const options = [...valuesOf(message, "connection"), ...valuesOf(message, "proxy-connection")].join(",");
  return /upgrade/i.test(options) && valuesOf(message, "upgrade").length > 0;
}

/**
 * Holds a reading against node's: never take what it refuses but for the excuses, and understand the same of what both
 * take. Returns the excuse that was needed.
 */
export function compareReadings(reading: Reading<HeadFacts>, verdict: OracleVerdict): string | undefined {
  const { error } = reading;
  const ourDone = reading.messages.filter((message) => message.isComplete).length;
  const firstBroken = verdict.messages.findIndex((message) => !message.isComplete);
  const theirDone = firstBroken < 0 ? verdict.messages.length : firstBroken;
  for (let index = 0; index <= Math.min(ourDone, theirDone); index++) {
    const ours = reading.messages[index];
    const theirs = verdict.messages[index];
    if (ours === undefined || theirs === undefined) break;
    if (index < theirDone || !ours.isComplete) compareMessage(ours, theirs);
  }
  const tunnel = reading.messages.findIndex(isTunnelForNode);
  if (tunnel >= 0 && theirDone >= tunnel) return undefined;
  if (verdict.error === undefined) {
    // Node doesn't always complain of a message that breaks off, but must not take it for complete.
    if (error?.kind === "truncated") assert.ok(theirDone <= ourDone, "node finds it complete");
    // Where we read no further, node may: it lets Proxy-Connection and keep-alive in HTTP/1.0 outdo close.
    if (error === undefined && reading.rest === "") assert.equal(theirDone, ourDone, "number of messages");
    return undefined;
  }
  const isHeadTaken = reading.messages.length > ourDone;
  if (error !== undefined && ourDone <= theirDone) {
    if (error.kind !== "truncated" || !isHeadTaken || TRUNCATION.has(verdict.error)) return undefined;
  }
  const code = verdict.error;
  const excuse = EXCUSES.find(
    (each) => (each.codes === "any" || each.codes.includes(code)) && each.applies(reading, theirDone),
  );
  assert.ok(excuse, `node refuses message ${theirDone} with ${code}, we take it`);
  return excuse.why;
}

const FRAMING_FIELDS = new Set(["content-length", "transfer-encoding"]);

function framingFields(message: ReadMessage<HeadFacts>, framing: Framing): Fields {
  if (framing === Framing.Chunked) return [["transfer-encoding", "chunked"]];
  return framing === Framing.Length ? [["content-length", String(message.head.contentLength)]] : [];
}

/** Changes that every forwarded head of the fuzzer gets; its messages often have the names X-A and X-B. */
const EDITS = compileHeadEdits([
  { kind: "set", name: "X-Set", value: "1" },
  { kind: "add", name: "x-a", value: "2" },
  { kind: "remove", name: "x-b" },
]);
const EDITED = new Set(["x-set", "x-a", "x-b"]);

function compareEdits(theirs: OracleMessage): void {
  const values = (name: string) =>
    theirs.fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
  assert.deepEqual(values("x-set"), ["1"]);
  assert.match(values("x-a").at(-1) ?? "", /^(.*,)?2$/);
  assert.deepEqual(values("x-b"), []);
}

/** What was forwarded of the fields must be what node receives. `own` are those that the writer adds or replaces. */
function compareForwardedFields(ours: Fields, theirs: Fields, own: ReadonlySet<string>): void {
  const rest = (fields: Fields) =>
    withoutHopByHop(fields).filter(
      ([name]) => !own.has(name.toLowerCase()) && !EDITED.has(name.toLowerCase()),
    );
  assert.deepEqual(rest(theirs), rest(ours), "forwarded fields");
}

function lowerCaseFields(fields: Fields, names: ReadonlySet<string>): Fields {
  return fields
    .map(([name, value]) => [name.toLowerCase(), value.toLowerCase()] as const)
    .filter(([name]) => names.has(name));
}

function isForwardableTrailer(name: string): boolean {
  return !NEVER_IN_TRAILERS.has(name.toLowerCase());
}

/** What node understands of the requests that we send on for those that we took. */
function compareForwardedRequests(reading: Reading<RequestFacts>, verdict: OracleVerdict): void {
  assert.equal(verdict.error, undefined, "node refuses what we forward");
  const tunnel = reading.messages.findIndex(isTunnelForNode);
  const messages = tunnel < 0 ? reading.messages : reading.messages.slice(0, tunnel);
  if (tunnel < 0) assert.equal(verdict.messages.length, messages.length, "number of forwarded requests");
  for (const [index, ours] of messages.entries()) {
    const theirs = verdict.messages[index];
    assert.ok(theirs);
    const { head } = ours;
    assert.equal(theirs.method, head.method);
    assert.equal(theirs.target, head.target);
    assert.equal(theirs.body, ours.body, "forwarded body");
    assert.deepEqual(
      theirs.trailers,
      ours.trailers.filter(([name]) => isForwardableTrailer(name)),
    );
    assert.deepEqual(lowerCaseFields(theirs.fields, new Set(["host"])), [
      ["host", (head.host ?? "").toLowerCase()],
    ]);
    assert.deepEqual(
      lowerCaseFields(theirs.fields, FRAMING_FIELDS),
      framingFields(ours, head.framing as Framing),
    );
    compareForwardedFields(
      head.fields,
      theirs.fields,
      new Set(["host", head.versionMinor === 0 ? "expect" : ""]),
    );
  }
}

/** What node understands of the responses that we send on for those that we took. */
function compareForwardedResponses(reading: Reading<ResponseFacts>, verdict: OracleVerdict): void {
  assert.equal(verdict.error, undefined, "node refuses what we forward");
  assert.equal(verdict.messages.length, reading.messages.length, "number of forwarded responses");
  for (const [index, ours] of reading.messages.entries()) {
    const theirs = verdict.messages[index];
    assert.ok(theirs);
    const { head } = ours;
    assert.equal(theirs.status, head.status);
    assert.equal(theirs.body, ours.body, "forwarded body");
    assert.deepEqual(
      theirs.trailers,
      ours.trailers.filter(([name]) => isForwardableTrailer(name)),
    );
    if (!head.isInformational) compareEdits(theirs);
    compareForwardedFields(head.fields, theirs.fields, new Set());
    if (head.framing !== Framing.None) {
      assert.deepEqual(
        lowerCaseFields(theirs.fields, FRAMING_FIELDS),
        framingFields(ours, head.framing as Framing),
      );
    }
  }
}

function count(counts: FuzzCounts, reading: Reading<HeadFacts>, verdict: OracleVerdict): void {
  const excuse = compareReadings(reading, verdict);
  counts.cases++;
  if (excuse !== undefined) counts.excused.set(excuse, (counts.excused.get(excuse) ?? 0) + 1);
  else if (reading.error === undefined) counts.accepted++;
  else if (verdict.error === undefined) counts.stricter++;
}

/** All but `rest`, which depends on where the bytes were cut. */
function told(reading: Reading<HeadFacts>): unknown {
  return { messages: reading.messages, error: reading.error, isIdle: reading.isIdle };
}

async function fuzzRequests(text: string, cuts: readonly number[], oracle: NodeOracle, counts: FuzzCounts) {
  const reading = readRequests(text, { ends: true });
  assert.deepEqual(told(readRequests(text, { ends: true, cuts })), told(reading), "cut into reads");
  count(counts, reading, await oracle.judgeRequests(Buffer.from(text, "latin1")));
  if (reading.error !== undefined || !reading.messages.every(({ head }) => METHODS.includes(head.method)))
    return;
  const forwarded = forwardRequests(text, { edits: EDITS });
  compareForwardedRequests(reading, await oracle.judgeRequests(Buffer.from(forwarded, "latin1")));
}

async function fuzzResponses(text: string, cuts: readonly number[], oracle: NodeOracle, counts: FuzzCounts) {
  const methods = [text.length % 7 === 0 ? "HEAD" : "GET"] as const;
  const reading = readResponses(text, { ends: true, methods });
  assert.deepEqual(told(readResponses(text, { ends: true, cuts, methods })), told(reading), "cut into reads");
  count(counts, reading, await oracle.judgeResponse(methods[0], Buffer.from(text, "latin1")));
  if (reading.error !== undefined) return;
  const forwarded = forwardResponses(text, methods[0], { edits: EDITS });
  compareForwardedResponses(
    reading,
    await oracle.judgeResponse(methods[0], Buffer.from(forwarded, "latin1")),
  );
}

/** One random connection, made from the seed. Throws, with the seed and the bytes, where we and node disagree. */
export async function fuzzOnce(seed: number, oracle: NodeOracle, counts: FuzzCounts): Promise<void> {
  const dice = new Dice(seed);
  const isRequest = dice.isOneIn(2);
  const text = isRequest ? randomRequests(dice) : randomResponses(dice);
  const cuts = randomCuts(dice, text.length);
  try {
    await (isRequest ? fuzzRequests(text, cuts, oracle, counts) : fuzzResponses(text, cuts, oracle, counts));
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).slice(0, 2_000);
    const kind = isRequest ? "requests" : "responses";
    throw new Error(`seed ${seed}, ${kind}: ${reason}\n${JSON.stringify(text)}`, { cause });
  }
}
