import assert from "node:assert/strict";
import * as fc from "fast-check";
import { RetryBudget } from "../../src/balancing/retry-budget.ts";

function grantedAt(budget: RetryBudget, now: number, wanted: number): number {
  let granted = 0;
  for (let index = 0; index < wanted; index++) granted += budget.tryRetry(now) ? 1 : 0;
  return granted;
}

describe("RetryBudget", () => {
  it("allows 10 retries a second without any requests", () => {
    const budget = new RetryBudget();
    assert.equal(grantedAt(budget, 5_000, 50), 10);
    assert.equal(grantedAt(budget, 5_999, 50), 0);
    assert.equal(grantedAt(budget, 6_000, 50), 10);
  });

  it("allows a fifth of the requests of the last 10 s", () => {
    const budget = new RetryBudget();
    for (let index = 0; index < 1_000; index++) budget.onRequest(100_000);
    assert.equal(grantedAt(budget, 100_000, 500), 200);
    assert.equal(grantedAt(budget, 104_000, 500), 10, "then only the floor");
  });

  it("forgets what is older than the interval", () => {
    const budget = new RetryBudget();
    for (let index = 0; index < 1_000; index++) budget.onRequest(50_500);
    assert.equal(grantedAt(budget, 59_900, 100), 100);
    assert.equal(grantedAt(budget, 60_100, 100), 10);
  });

  it("survives a long pause and a clock that steps back", () => {
    const budget = new RetryBudget();
    budget.onRequest(1_000);
    budget.onRequest(900_000_000);
    budget.onRequest(899_990_000);
    assert.equal(grantedAt(budget, 900_000_000, 50), 10);
  });

  it("takes other limits", () => {
    const budget = new RetryBudget({ percent: 50, intervalMs: 1_000, minRetriesPerSecond: 0 });
    assert.equal(budget.tryRetry(0), false);
    budget.onRequest(0);
    budget.onRequest(0);
    assert.equal(grantedAt(budget, 900, 10), 1);
  });

  it("never grants more than a share of the interval's requests or the floor of its seconds", () => {
    const event = fc.record({ after: fc.integer({ min: 0, max: 700 }), isRetry: fc.boolean() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 400 }), (events) => {
        const budget = new RetryBudget({ percent: 20, intervalMs: 10_000, minRetriesPerSecond: 1 });
        let now = 0;
        const requests: number[] = [];
        const retries: number[] = [];
        for (const { after, isRetry } of events) {
          now += after;
          if (!isRetry) {
            requests.push(now);
            budget.onRequest(now);
          } else if (budget.tryRetry(now)) {
            retries.push(now);
          }
          const recent = (times: readonly number[]) => times.filter((time) => time > now - 9_000).length;
          const inWindow = requests.filter((time) => time > now - 10_000).length;
          assert.ok(recent(retries) <= Math.max(0, inWindow * 0.2) + 11);
        }
      }),
    );
  });
});
