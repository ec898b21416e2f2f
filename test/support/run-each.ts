// node test/support/run-each.ts KIND [words]: runs every test/KIND/*.KIND.ts with these words, one after the other.
// Not the end-to-end comparison, which takes minutes and other programs: npm run bench.
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";

const [kind = "", ...words] = process.argv.slice(2);
const programs = globSync(`test/${kind}/*.${kind}.ts`)
  .sort()
  .filter((program) => !program.endsWith("/end-to-end.bench.ts"));
if (programs.length === 0) throw new Error(`there is no test/${kind}/*.${kind}.ts`);
for (const program of programs) {
  process.stdout.write(`\n${program}\n`);
  const { status } = spawnSync(process.execPath, [program, ...words], { stdio: "inherit" });
  if (status !== 0) process.exitCode = 1;
}
