import { parseDuration } from "../resources/duration.ts";
import { type Bounds, invalid, type ValueType, within } from "./value-type.ts";

const units = [
  { name: "h", ms: 3_600_000 },
  { name: "m", ms: 60_000 },
  { name: "s", ms: 1_000 },
  { name: "ms", ms: 1 },
] as const;

/**
 * A length of time, written as in Gateway API (https://gateway-api.sigs.k8s.io/geps/gep-2257/): up to four whole
 * numbers, each with its unit, as `1h`, `1m30s` or `500ms`. Read to milliseconds.
 */
export function duration(bounds: Bounds): ValueType<number> {
  return {
    placeholder: "DURATION",
    parse: (text) => {
      const ms = parseDuration(text);
      return ms === undefined
        ? invalid(`must be a duration as 500ms, 25s or 1h30m, not ${JSON.stringify(text)}`)
        : within(ms, bounds, showDuration);
    },
    show: showDuration,
  };
}

/** The shortest text for whole milliseconds: 90,000 is `1m30s`. */
export function showDuration(ms: number): string {
  let rest = ms;
  let shown = "";
  for (const unit of units) {
    const amount = Math.floor(rest / unit.ms);
    rest -= amount * unit.ms;
    if (amount > 0) shown += `${amount}${unit.name}`;
  }
  return shown === "" ? "0s" : shown;
}
