import assert from "node:assert/strict";
import { type LeadersPart, leadTogether } from "../../../src/controller/election/lead-together.ts";
import { settle } from "../../support/simulated-time.ts";

describe("the leader's parts together", () => {
  const untilAborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve());
    });

  it("last until the term ends", async () => {
    const abort = new AbortController();
    let over = 0;
    const part: LeadersPart = (signal) => untilAborted(signal).then(() => void over++);
    const all = leadTogether([part, part], abort.signal, () => true);
    await settle();
    assert.equal(over, 0);
    abort.abort();
    await all;
    assert.equal(over, 2);
  });

  it("end when one fails, once the last write of the others is over", async () => {
    const lastWrite = Promise.withResolvers<void>();
    const failure = new Error("broken");
    let isOver = false;
    let mayOther: () => boolean = () => true;
    const all = leadTogether(
      [
        () => Promise.reject(failure),
        async (signal, mayWrite) => {
          mayOther = mayWrite;
          await untilAborted(signal);
          await lastWrite.promise;
        },
      ],
      new AbortController().signal,
      () => true,
    );
    const ended = assert.rejects(all, failure).then(() => {
      isOver = true;
    });
    await settle();
    assert.ok(!isOver);
    assert.ok(!mayOther());
    lastWrite.resolve();
    await ended;
  });

  it("do nothing in a term that is over already", async () => {
    const wasAborted: boolean[] = [];
    await leadTogether(
      [(signal) => Promise.resolve(void wasAborted.push(signal.aborted))],
      AbortSignal.abort(),
      () => true,
    );
    assert.deepEqual(wasAborted, [true]);
  });
});
