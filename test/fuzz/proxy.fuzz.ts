import { parseArgs } from "node:util";
import { runSoak } from "../proxy/soak/run-soak.ts";

/** Runs the soak of test/proxy/soak in rounds of some seconds, each with a seed of its own, until one is violated. */
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "10" },
    seed: { type: "string", default: String(Date.now() >>> 0) },
    round: { type: "string", default: "20" },
  },
});
const end = performance.now() + Number(values.seconds) * 1_000;
const totals = new Map<string, number>();
let seed = Number(values.seed);
while (performance.now() < end) {
  const { violations, counts } = await runSoak(
    seed,
    Math.min(Number(values.round), (end - performance.now()) / 1_000),
  );
  if (violations.length > 0) {
    process.stderr.write(`seed ${seed}: ${violations.slice(0, 10).join("\n")}\n`);
    process.exit(1);
  }
  for (const [what, count] of counts) totals.set(what, (totals.get(what) ?? 0) + count);
  seed += 1_000_000;
}
const lines = [...totals]
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([what, count]) => `${String(count).padStart(9)} ${what}`);
process.stdout.write(`${lines.join("\n")}\nseed ${values.seed}: nothing violated\n`);
