import assert from "node:assert/strict";
import { SteadyClock } from "../../../src/controller/trust/steady-clock.ts";

const minuteMs = 60_000;
const startMs = 1_790_000_000_000;

/** Jumps of the wall clock by the minutes after the start; what is told each minute. */
function told(jumps: Readonly<Record<number, number>>, minutes: number): string {
  const clock = new SteadyClock(startMs, 0);
  let offsetMs = 0;
  let result = "";
  for (let minute = 0; minute < minutes; minute++) {
    offsetMs += (jumps[minute] ?? 0) * minuteMs;
    const nowMs = minute * minuteMs;
    result += clock.isSteady(startMs + offsetMs + nowMs, nowMs) ? "y" : "n";
  }
  return result;
}

describe("steadiness of the wall clock", () => {
  for (const { name, jumps, expected } of [
    { name: "goes as it should", jumps: {}, expected: "yyyyyyyyyyyyyyyy" },
    { name: "is corrected a little", jumps: { 2: 5, 4: -5, 6: 5, 8: 5 }, expected: "yyyyyyyyyyyyyyyy" },
    { name: "jumps and stays", jumps: { 2: 600_000 }, expected: "yynnnnnnnnnnyyyy" },
    { name: "jumps back and stays", jumps: { 2: -6 }, expected: "yynnnnnnnnnnyyyy" },
    { name: "jumps and comes back", jumps: { 2: 600_000, 5: -600_000 }, expected: "yynnnyyyyyyyyyyy" },
    { name: "jumped before anybody asked", jumps: { 0: 600_000 }, expected: "nnnnnnnnnnyyyyyy" },
    { name: "jumps twice", jumps: { 2: 60, 6: -30 }, expected: "yynnnnnnnnnnyyyy" },
  ]) {
    it(`is told when it ${name}`, () => assert.equal(told(jumps, expected.length), expected));
  }
});
