const ROUNDS = 7;

/**
 * Runs `body`, which does `count` operations, several times after a warm-up, prints the best and the median time of one operation
 * and returns the median, in ns.
 */
export function measure(name: string, count: number, body: (count: number) => void): number {
  body(count);
  body(count);
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = process.hrtime.bigint();
    body(count);
    times.push(Number(process.hrtime.bigint() - start) / count);
  }
  times.sort((a, b) => a - b);
  const median = times[ROUNDS >> 1] ?? Number.NaN;
  console.log(
    `${name.padEnd(44)} ${(times[0] ?? 0).toFixed(1).padStart(9)} ns best ${median.toFixed(1).padStart(9)} ns median`,
  );
  return median;
}
