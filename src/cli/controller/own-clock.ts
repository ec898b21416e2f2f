import type { ControllerClock } from "../../controller/clock.ts";
import { systemClock } from "../../platform/clock.ts";

/** The machine's time. */
export const controllerClock: ControllerClock = {
  ...systemClock,
  startTimer: (callback, delayMs) => {
    const timer = setTimeout(callback, delayMs);
    return { stop: () => clearTimeout(timer) };
  },
};
