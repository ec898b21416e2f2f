import { randomFillSync } from "node:crypto";

/** A source of numbers from 0 up to but not 1, evenly spread. */
export type Random = () => number;

/**
 * A fast source for choices that nobody gains from guessing; not for secrets. The sequence follows from the seed's four
 * words. It is sfc32 by Chris Doty-Humphrey, with 32 bits of each number:
 * https://pracrand.sourceforge.net/RNG_engines.txt
 */
export function createRandom(seed: Uint32Array): Random {
  let a = seed[0] ?? 0;
  let b = seed[1] ?? 0;
  let c = seed[2] ?? 0;
  let counter = seed[3] ?? 0;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 0x1_0000_0000;
  };
  // The first numbers lie close together for seeds that do.
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** A source that no two processes share. */
export function createSystemRandom(): Random {
  return createRandom(randomFillSync(new Uint32Array(4)));
}
