import assert from "node:assert/strict";
import { createRandom, createSystemRandom, type Random } from "../../src/platform/random.ts";

const draw = (random: Random, count: number): readonly number[] => Array.from({ length: count }, random);

describe("createRandom", () => {
  it("repeats itself for the same seed, and not for another", () => {
    const numbers = draw(createRandom(Uint32Array.of(1, 2, 3, 4)), 100);
    assert.deepEqual(draw(createRandom(Uint32Array.of(1, 2, 3, 4)), 100), numbers);
    assert.notDeepEqual(draw(createRandom(Uint32Array.of(1, 2, 3, 5)), 100), numbers);
  });

  it("draws from 0 up to but not 1, evenly", () => {
    const counts = Array.from({ length: 16 }, () => 0);
    for (const number of draw(createRandom(Uint32Array.of(9, 9, 9, 9)), 160_000)) {
      const bin = Math.floor(number * 16);
      counts[bin] = (counts[bin] ?? Number.NaN) + 1;
    }
    // 10,000 expected; five standard deviations are 484.
    assert.ok(
      counts.every((count) => Math.abs(count - 10_000) < 484),
      counts.join(" "),
    );
  });

  it("gets going from a seed of zeros", () => {
    assert.equal(new Set(draw(createRandom(new Uint32Array(4)), 1_000)).size, 1_000);
  });
});

describe("createSystemRandom", () => {
  it("differs each time", () => {
    assert.notDeepEqual(draw(createSystemRandom(), 4), draw(createSystemRandom(), 4));
  });
});
