import assert from "node:assert/strict";
import fc from "fast-check";
import { compileHeadEdits, type HeadEditStep } from "../../src/http1/head-edits.ts";
import { Dice } from "../support/dice.ts";
import { forwardRequests, forwardResponses } from "./forward.ts";
import { randomRequests, randomResponses } from "./random-messages.ts";
import { type HeadFacts, type Reading, readRequests, readResponses } from "./read-messages.ts";

const seed = fc.nat(0xffffffff);
const cuts = fc.array(fc.nat(2_000), { maxLength: 40 });
const EVERYWHERE = Array.from({ length: 5_000 }, (_, index) => index);
const HOP_BY_HOP = /^(connection|keep-alive|proxy-connection|te|upgrade|http2-settings|transfer-encoding)$/i;

/** All but what was not read, which depends on the cuts. */
function told(reading: Reading<HeadFacts>): unknown {
  return { messages: reading.messages, error: reading.error, isIdle: reading.isIdle };
}

/** What must come through a proxy unchanged. */
function essence(reading: ReturnType<typeof readRequests>): unknown {
  return reading.messages.map(({ head, body }) => ({
    method: head.method,
    target: head.target,
    host: head.host ?? "",
    body,
    fields: head.fields.filter(
      ([name]) => !HOP_BY_HOP.test(name) && !/^(host|content-length|expect)$/i.test(name),
    ),
  }));
}

describe("properties of the codec", () => {
  it("requests are read the same however the bytes are cut into reads", () => {
    fc.assert(
      fc.property(seed, cuts, (start, at) => {
        const text = randomRequests(new Dice(start));
        const whole = told(readRequests(text, { ends: true }));
        assert.deepEqual(told(readRequests(text, { ends: true, cuts: at })), whole);
        assert.deepEqual(told(readRequests(text, { ends: true, cuts: EVERYWHERE })), whole);
      }),
      { numRuns: 200 },
    );
  });

  it("responses are read the same however the bytes are cut into reads", () => {
    fc.assert(
      fc.property(
        seed,
        cuts,
        fc.constantFrom("GET", "HEAD"),
        fc.boolean(),
        (start, at, method, isUpgrade) => {
          const text = randomResponses(new Dice(start));
          const options = { ends: true, methods: [method], isUpgrade };
          const whole = told(readResponses(text, options));
          assert.deepEqual(told(readResponses(text, { ...options, cuts: at })), whole);
          assert.deepEqual(told(readResponses(text, { ...options, cuts: EVERYWHERE })), whole);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("limits are judged the same however the bytes are cut into reads", () => {
    const limits = fc.record({
      headBytes: fc.nat(400),
      fieldCount: fc.nat(6),
      chunkExtensionBytes: fc.nat(8),
      messageChunkExtensionBytes: fc.nat(16),
      trailerBytes: fc.nat(80),
    });
    fc.assert(
      fc.property(seed, cuts, limits, (start, at, bounds) => {
        const text = randomRequests(new Dice(start));
        const whole = told(readRequests(text, { limits: bounds }));
        assert.deepEqual(told(readRequests(text, { limits: bounds, cuts: at })), whole);
        assert.deepEqual(told(readRequests(text, { limits: bounds, cuts: EVERYWHERE })), whole);
      }),
      { numRuns: 200 },
    );
  });

  it("forwarded requests say the same, and forwarding them again changes no byte", () => {
    fc.assert(
      fc.property(seed, (start) => {
        const text = randomRequests(new Dice(start));
        const reading = readRequests(text);
        fc.pre(reading.error === undefined && reading.messages.every(({ isComplete }) => isComplete));
        const forwarded = forwardRequests(text);
        const again = readRequests(forwarded);
        assert.equal(again.error, undefined);
        const connectionNamed = reading.messages.flatMap(({ head }) =>
          head.fields.filter(([name]) => /^connection$/i.test(name)).map(([, value]) => value),
        );
        fc.pre(!/x-|date|trailer|cookie|user|accept/i.test(connectionNamed.join()));
        assert.deepEqual(essence(again), essence(reading));
        assert.equal(forwardRequests(forwarded), forwarded);
      }),
      { numRuns: 300 },
    );
  });

  it("forwarded responses say the same, and forwarding them again changes no byte", () => {
    fc.assert(
      fc.property(seed, (start) => {
        const text = randomResponses(new Dice(start));
        const reading = readResponses(text, { ends: true });
        fc.pre(reading.error === undefined);
        const forwarded = forwardResponses(text, "GET");
        const again = readResponses(forwarded, { ends: true });
        assert.equal(again.error, undefined);
        assert.deepEqual(
          again.messages.map(({ head, body }) => [head.status, head.reason, body]),
          reading.messages.map(({ head, body }) => [head.status, head.reason, body]),
        );
        assert.equal(forwardResponses(forwarded, "GET"), forwarded);
      }),
      { numRuns: 300 },
    );
  });

  it("head edits do to a head what their steps say, one after the other", () => {
    const step: fc.Arbitrary<HeadEditStep> = fc.record({
      kind: fc.constantFrom("set", "add", "remove"),
      name: fc.constantFrom("X-A", "x-a", "X-B", "x-c"),
      value: fc.constantFrom("1", "2"),
    });
    const field = fc.tuple(fc.constantFrom("X-A", "x-A", "x-b", "Other"), fc.constantFrom("a", "b"));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), fc.array(field, { maxLength: 5 }), (steps, fields) => {
        const values = new Map<string, string>();
        const append = (name: string, value: string) => {
          const before = values.get(name);
          values.set(name, before === undefined ? value : `${before},${value}`);
        };
        for (const [name, value] of fields) append(name.toLowerCase(), value);
        for (const { kind, name, value } of steps) {
          if (kind !== "add") values.delete(name.toLowerCase());
          if (kind !== "remove") append(name.toLowerCase(), value ?? "");
        }
        const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join("");
        const edits = compileHeadEdits(steps);
        const forwarded = forwardRequests(`GET / HTTP/1.1\r\nHost: h\r\n${lines}\r\n`, { edits });
        const [message] = readRequests(forwarded).messages;
        const told = new Map<string, string>();
        for (const [name, value] of message?.head.fields.slice(1) ?? []) {
          const before = told.get(name.toLowerCase());
          told.set(name.toLowerCase(), before === undefined ? value : `${before},${value}`);
        }
        const sorted = (map: ReadonlyMap<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
        assert.deepEqual(sorted(told), sorted(values));
      }),
      { numRuns: 500 },
    );
  });
});
