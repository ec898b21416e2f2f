import assert from "node:assert/strict";
import { keepReturningMemory } from "../../src/cli/memory-return.ts";

const MIB = 1_048_576;

/** A process whose memory and time a test sets. */
class StubProcess {
  rss = 50 * MIB;
  nowMs = 0;
  trims = 0;
  /** What a trim gives back, and how long that takes. */
  free = 10 * MIB;
  trimMs = 1;
  delayMs: number | undefined;
  #next: (() => void) | undefined;
  readonly stop: () => void;

  constructor() {
    this.stop = keepReturningMemory({
      trim: () => {
        this.trims++;
        this.rss -= this.free;
        this.free = 0;
        this.nowMs += this.trimMs;
      },
      rss: () => this.rss,
      clock: {
        now: () => this.nowMs,
        startTimer: (run, delayMs) => {
          this.delayMs = delayMs;
          this.#next = run;
          return {
            stop: () => {
              this.delayMs = undefined;
              this.#next = undefined;
            },
          };
        },
      },
    });
  }

  look(): void {
    this.#next?.();
  }
}

describe("giving memory back", () => {
  it("begins two seconds after the start", () => {
    const stub = new StubProcess();
    assert.deepEqual([stub.trims, stub.delayMs], [0, 2_000]);
    stub.look();
    assert.equal(stub.trims, 1);
  });

  it("is done again only when the process has grown by a megabyte", () => {
    const stub = new StubProcess();
    stub.look();
    stub.rss += MIB - 1;
    stub.look();
    assert.equal(stub.trims, 1);
    stub.rss += 1;
    stub.look();
    assert.equal(stub.trims, 2);
  });

  it("counts growth from where the process was least", () => {
    const stub = new StubProcess();
    stub.look();
    stub.rss -= 5 * MIB;
    stub.look();
    stub.rss += MIB;
    stub.look();
    assert.equal(stub.trims, 2);
  });

  it("waits for long after it took long", () => {
    const stub = new StubProcess();
    stub.trimMs = 20;
    stub.look();
    assert.equal(stub.delayMs, 20_000);
  });

  it("can be stopped", () => {
    const stub = new StubProcess();
    stub.look();
    stub.stop();
    assert.equal(stub.delayMs, undefined);
  });
});
