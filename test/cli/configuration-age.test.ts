import assert from "node:assert/strict";
import { ConfigurationAge } from "../../src/cli/configuration-age.ts";

/** A connection to the controller, and a clock, that do as a test says. */
class StubConnection {
  nowMs = 1_000;
  isConnected = false;
  sinceMs = 1_000;
  currents = 0;
  #timer: { readonly dueMs: number; readonly run: () => void } | undefined;
  readonly age = new ConfigurationAge({
    connection: () => this,
    clock: {
      now: () => this.nowMs,
      startTimer: (run, delayMs) => {
        this.#timer = { dueMs: this.nowMs + delayMs, run };
        return {
          stop: () => {
            this.#timer = undefined;
          },
        };
      },
    },
    initialMs: 0,
    onCurrent: () => this.currents++,
  });

  passes(ms: number): void {
    this.nowMs += ms;
    const timer = this.#timer;
    if (timer === undefined || timer.dueMs > this.nowMs) return;
    this.#timer = undefined;
    timer.run();
  }

  becomes(isConnected: boolean): void {
    this.isConnected = isConnected;
    this.sinceMs = this.nowMs;
    if (isConnected) this.age.connected();
  }
}

describe("the age of the configuration", () => {
  it("is the time without the controller, and never 0 in it", () => {
    const stub = new StubConnection();
    assert.equal(stub.age.staleForMs(), 1);
    stub.passes(5_000);
    assert.equal(stub.age.staleForMs(), 5_000);
  });

  it("is a moment while a connection may have to catch up, then nothing", () => {
    const stub = new StubConnection();
    stub.passes(600_000);
    stub.becomes(true);
    assert.equal(stub.age.staleForMs(), 1);
    stub.passes(1_999);
    assert.deepEqual([stub.age.staleForMs(), stub.currents], [1, 0]);
    stub.passes(1);
    assert.deepEqual([stub.age.staleForMs(), stub.currents], [0, 1]);
    stub.passes(600_000);
    assert.deepEqual([stub.age.staleForMs(), stub.currents], [0, 1]);
  });

  it("goes on through connections that are lost before they have caught up", () => {
    const stub = new StubConnection();
    stub.becomes(true);
    stub.passes(1_500);
    stub.becomes(false);
    stub.passes(1_000);
    assert.deepEqual([stub.age.staleForMs(), stub.currents], [2_500, 0]);
    stub.becomes(true);
    stub.passes(1_500);
    assert.deepEqual([stub.age.staleForMs(), stub.currents], [1, 0]);
    stub.passes(500);
    assert.deepEqual([stub.age.staleForMs(), stub.currents], [0, 1]);
  });

  it("is counted anew with the loss of a connection that has caught up, whether anybody asked meanwhile or not", () => {
    const stub = new StubConnection();
    for (const isAsked of [true, false]) {
      stub.becomes(true);
      stub.passes(5_000);
      stub.becomes(false);
      stub.passes(1_000);
      if (isAsked) stub.age.staleForMs();
    }
    stub.becomes(true);
    stub.becomes(false);
    stub.passes(700);
    assert.equal(stub.age.staleForMs(), 700);
  });

  it("begins with what it was at the start", () => {
    const nowMs = 1_000;
    const age = new ConfigurationAge({
      connection: () => ({ isConnected: false, sinceMs: nowMs }),
      clock: { now: () => nowMs, startTimer: () => ({ stop: () => undefined }) },
      initialMs: 600_000,
      onCurrent: () => undefined,
    });
    assert.equal(age.staleForMs(), 600_000);
  });

  it("tells of nothing once stopped", () => {
    const stub = new StubConnection();
    stub.becomes(true);
    stub.age.stop();
    stub.passes(5_000);
    assert.equal(stub.currents, 0);
  });
});
