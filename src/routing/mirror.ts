import type { Fraction } from "../resources/http-route.ts";

/**
 * Whether a request is one of those mirrored.
 * @param random in [0, 1), a fresh one for each mirror filter
 */
export function shouldMirror(fraction: Fraction, random: number): boolean {
  return random * fraction.denominator < fraction.numerator;
}
