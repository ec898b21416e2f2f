import { parseArgs } from "node:util";
import { fuzzOnce, noCounts } from "../routing/differential.ts";
import { Dice } from "../support/dice.ts";

/**
 * Compares the matcher with the oracle of test/routing/naive-matcher.ts for a while. Every round has a seed of its
 * own; a disagreement prints it, and `--seed N --rounds 1` runs that round again.
 */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() >>> 0) },
    rounds: { type: "string", default: "Infinity" },
  },
});
const first = Number(values.seed);
const rounds = Number(values.rounds);
const end = performance.now() + Number(values.seconds) * 1000;
const counts = noCounts();
let round = 0;
while (round < rounds && performance.now() < end) {
  try {
    fuzzOnce(new Dice(first + round), counts);
  } catch (error) {
    process.stderr.write(
      `seed ${first + round}: ${error instanceof Error ? error.message : String(error)}\n`,
    );
    process.exit(1);
  }
  round += 1;
}
process.stdout.write(
  `seed ${first}: ${round} route sets with ${counts.matches} matches, ${counts.requests} requests ` +
    `(${counts.matched} matched, ${counts.permuted} also with rules and routes in another order), no disagreement\n`,
);
