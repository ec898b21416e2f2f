import assert from "node:assert/strict";
import { Turns } from "../../../src/discovery/client/turns.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { backendOf, ClientHarness, frontendOf } from "./client-harness.ts";

describe("work in turns", () => {
  /** A job whose steps each take a millisecond. */
  function* job(clock: ManualClock, done: string[], name: string, steps: number): Generator<undefined, void> {
    for (let i = 0; i < steps; i++) {
      clock.stall(1);
      done.push(`${name}${i}`);
      yield;
    }
  }

  it("is done at once as far as a turn allows, the rest later, in order", () => {
    const clock = new ManualClock();
    const turns = new Turns(clock);
    const done: string[] = [];
    turns.do(job(clock, done, "a", 6));
    turns.do(job(clock, done, "b", 1));
    assert.deepEqual(done, ["a0", "a1", "a2", "a3"]);
    clock.advance(20);
    assert.deepEqual(done.slice(4), ["a4", "a5", "b0"]);
    assert.equal(clock.timers, 0);
  });

  it("is not done any more once it is cleared, from within as well", () => {
    const clock = new ManualClock();
    const turns = new Turns(clock);
    const done: string[] = [];
    turns.do(job(clock, done, "a", 10));
    turns.clear();
    clock.advance(10);
    assert.equal(done.length, 4);
    turns.do(
      (function* () {
        turns.do(job(clock, done, "b", 1));
        turns.clear();
        turns.do(job(clock, done, "c", 1));
        yield;
      })(),
    );
    clock.advance(10);
    assert.deepEqual(done.slice(4), ["c0"]);
  });
});

describe("a response that takes several turns", () => {
  /** Each Backend that is put in force takes two milliseconds. */
  async function slow(): Promise<ClientHarness> {
    const harness = new ClientHarness();
    await harness.connected();
    const { sink } = harness;
    const put = sink.putBackend.bind(sink);
    sink.putBackend = (backend, version) => {
      harness.clock.stall(2);
      put(backend, version);
    };
    harness.learn("10.96.0.1:80");
    harness.stream.push("Frontend", [frontendOf("10.96.0.1:80", "a", "b", "c", "d", "e")]);
    return harness;
  }

  const all = ["a", "b", "c", "d", "e"].map((name) => backendOf(name));

  it("is acknowledged when all of it was taken", async () => {
    const harness = await slow();
    const nonce = harness.stream.push("Backend", all);
    assert.equal(harness.sink.backends.size, 2);
    assert.equal(harness.stream.acknowledgements.length, 1);
    harness.clock.advance(20);
    assert.equal(harness.sink.backends.size, 5);
    assert.deepEqual(harness.stream.acknowledgements.at(-1), { nonce, error: undefined });
    assert.equal(harness.client.knows("10.96.0.1:80"), "known");
  });

  it("is dropped with its stream, but for what was taken", async () => {
    const harness = await slow();
    harness.stream.push("Backend", all);
    harness.stream.end("moved");
    const next = await harness.reconnect();
    assert.deepEqual([...harness.sink.backends.keys()], ["a", "b"]);
    assert.deepEqual(next.offered("Backend"), { a: "1", b: "1" });
    assert.deepEqual(next.acknowledgements, []);
  });

  it("has what is complete by it take effect though its stream ends before it is all taken", async () => {
    const harness = await slow();
    harness.stream.push("Frontend", [frontendOf("10.96.0.1:80", "a", "b")]);
    harness.stream.push("Backend", all);
    harness.stream.end("failed");
    assert.equal(harness.client.knows("10.96.0.1:80"), "known");
  });
});
