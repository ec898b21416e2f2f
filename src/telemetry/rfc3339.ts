const SECOND_MS = 1_000;

let lastSecond = Number.NaN;
let lastText = "";

/** A time in ms since 1970 as `2026-08-01T12:00:00.123Z`. Times of the same second cost one date. */
export function rfc3339(timeMs: number): string {
  const whole = Math.floor(timeMs);
  const second = Math.floor(whole / SECOND_MS);
  if (second !== lastSecond) {
    lastText = new Date(second * SECOND_MS).toISOString().slice(0, -4);
    lastSecond = second;
  }
  const rest = whole - second * SECOND_MS;
  return `${lastText}${rest < 10 ? "00" : rest < 100 ? "0" : ""}${rest}Z`;
}
