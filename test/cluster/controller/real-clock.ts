import type { ControllerClock } from "../../../src/controller/clock.ts";

/** The time as it is. */
export const realClock: ControllerClock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  startTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return { stop: () => clearTimeout(timer) };
  },
};
