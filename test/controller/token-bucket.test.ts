import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenBucket } from "../../src/controller/token-bucket.ts";

describe("TokenBucket", () => {
  it("gives its burst at once, then its rate", () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 });
    assert.deepEqual(
      [0, 0, 0, 0, 50, 99, 100, 150, 10_000, 10_000, 10_000, 10_000].map((now) => bucket.take(now)),
      [true, true, true, false, false, false, true, false, true, true, true, false],
    );
  });

  it("has a token when the wait that it named is over, never more than its rate allows", () => {
    const rate = fc.record({
      perSecond: fc.double({ min: 0.01, max: 500, noNaN: true }),
      burst: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(rate, fc.array(fc.nat(500), { maxLength: 50 }), (options, pauses) => {
        const bucket = new TokenBucket(options);
        let now = 0;
        let taken = 0;
        for (const pause of pauses) {
          now += pause;
          if (bucket.take(now)) taken++;
          const waitMs = bucket.waitMs(now);
          if (waitMs === 0) continue;
          now += waitMs;
          assert.ok(bucket.take(now));
          taken++;
        }
        assert.ok(taken <= options.burst + (now * options.perSecond) / 1000 + 1e-3);
      }),
    );
  });

  it("is not troubled by a time that goes back", () => {
    const bucket = new TokenBucket({ perSecond: 1, burst: 1 });
    assert.ok(bucket.take(1_000));
    assert.equal(bucket.take(0), false);
    assert.equal(bucket.waitMs(0), 1_000);
  });
});
