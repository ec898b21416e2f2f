import assert from "node:assert/strict";
import fc from "fast-check";
import { Overload, type OverloadSample } from "../../src/proxy/overload.ts";

const limits = { shedDelayMs: 100, shedAfterMs: 1_000, shedMemoryPercent: 85 };

/** Samples follow one another after 50 ms, and each after what it is late. */
class Watched {
  readonly overload = new Overload(limits);
  #nowMs = 1_000;

  see(times: number, sample: Partial<OverloadSample>): number {
    for (let i = 0; i < times; i++) {
      const { delayMs = 0 } = sample;
      this.#nowMs += 50 + delayMs;
      const fields = { delayMs, memoryPercent: undefined, mostUnderWay: 400, ...sample };
      this.overload.sample({ ...fields, nowMs: this.#nowMs });
    }
    return this.overload.mostAdmitted;
  }
}

const unbounded = Number.POSITIVE_INFINITY;

describe("Overload", () => {
  const harmless = [
    { name: "a quick event loop", see: (w: Watched) => w.see(100, { delayMs: 3 }) },
    { name: "one turn of 5 s, as of a compilation", see: (w: Watched) => w.see(1, { delayMs: 5_000 }) },
    {
      name: "two such turns, and rest before the next two",
      see: (w: Watched) => {
        w.see(2, { delayMs: 2_000 });
        w.see(1, {});
        return w.see(2, { delayMs: 2_000 });
      },
    },
    { name: "turns of 300 ms, for less than a second", see: (w: Watched) => w.see(4, { delayMs: 250 }) },
    {
      name: "a collection of garbage now and then",
      see: (w: Watched) => {
        for (let i = 0; i < 50; i++) {
          w.see(1, { delayMs: 150 });
          w.see(3, { delayMs: 5 });
        }
        return w.overload.mostAdmitted;
      },
    },
    { name: "memory just below the bound", see: (w: Watched) => w.see(100, { memoryPercent: 85 }) },
    { name: "memory above it for a moment", see: (w: Watched) => w.see(19, { memoryPercent: 99 }) },
  ];
  for (const { name, see } of harmless) {
    it(`admits everything after ${name}`, () => assert.equal(see(new Watched()), unbounded));
  }

  it("admits half of what was under way when the event loop is late for a second", () => {
    assert.equal(new Watched().see(8, { delayMs: 150 }), 200);
  });

  it("admits half of what was under way when memory is short for a second", () => {
    assert.equal(new Watched().see(21, { memoryPercent: 86 }), 200);
  });

  it("halves that again each second while it does not get better, and never goes below 64", () => {
    const watched = new Watched();
    assert.equal(watched.see(21, { memoryPercent: 86 }), 200);
    assert.equal(watched.see(20, { memoryPercent: 86 }), 100);
    assert.equal(watched.see(20, { memoryPercent: 86 }), 64);
    assert.equal(watched.see(1_000, { memoryPercent: 99 }), 64);
  });

  it("admits more and more again after it got better, and in the end everything", () => {
    const watched = new Watched();
    watched.see(61, { memoryPercent: 86 });
    assert.equal(watched.see(20, { memoryPercent: 60 }), 64);
    assert.equal(watched.see(1, { memoryPercent: 60 }), 128);
    assert.equal(watched.see(20, { memoryPercent: 60 }), 256);
    assert.equal(watched.see(20, { memoryPercent: 60 }), unbounded);
  });

  it("takes what lies a little below the bound for no better once it refuses", () => {
    const watched = new Watched();
    watched.see(21, { memoryPercent: 86 });
    assert.equal(watched.see(20, { memoryPercent: 81 }), 100);
    const late = new Watched();
    late.see(8, { delayMs: 150 });
    assert.equal(late.see(11, { delayMs: 60 }), 100);
  });

  it("never admits fewer than 64, and everything again after a calm minute", () => {
    const sample = fc.record({
      delayMs: fc.constantFrom(0, 60, 150, 5_000),
      memoryPercent: fc.constantFrom(undefined, 50, 82, 99),
      mostUnderWay: fc.integer({ min: 1, max: 20_000 }),
    });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 300 }), (samples) => {
        const watched = new Watched();
        for (const each of samples) assert.ok(watched.see(1, each) >= 64);
        assert.equal(watched.see(1_200, {}), unbounded);
      }),
    );
  });
});
