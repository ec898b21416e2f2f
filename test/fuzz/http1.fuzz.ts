import { parseArgs } from "node:util";
import { fuzzOnce, noCounts } from "../http1/differential.ts";
import { NodeOracle } from "../http1/node-oracle.ts";

/**
 * Compares the HTTP/1.1 codec with node:http over real sockets for a while: what is taken and refused, what is
 * understood, and what node understands of what is sent on. Every case has a seed of its own; a disagreement prints
 * it, and `--seed N --cases 1` runs that case again.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() >>> 0) },
    cases: { type: "string", default: "Infinity" },
  },
});
/** Connections open at once. */
const BATCH = 32;
const first = Number(values.seed);
const most = Number(values.cases);
const end = performance.now() + Number(values.seconds) * 1000;
const counts = noCounts();
await using oracle = await NodeOracle.start();
let next = 0;
while (next < most && performance.now() < end) {
  const seeds = Array.from({ length: Math.min(BATCH, most - next) }, (_, index) => first + next + index);
  next += seeds.length;
  try {
    await Promise.all(seeds.map((seed) => fuzzOnce(seed, oracle, counts)));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
process.stdout.write(
  `seed ${first}: ${counts.cases} connections, ${counts.accepted} accepted, ${counts.stricter} refused by us alone, ` +
    `no disagreement\n`,
);
for (const [why, count] of counts.excused) process.stdout.write(`${count} excused: ${why}\n`);
