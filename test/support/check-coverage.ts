// npm run coverage: prints how much of each folder the tests ran, and fails where that is too little.
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/** Percent of lines and branches. */
interface Coverage {
  readonly lines: number;
  readonly branches: number;
}

const pure: Coverage = { lines: 100, branches: 95 };
const least: Readonly<Record<string, Coverage>> = {
  "src/resources": pure,
  "src/binding": pure,
  "src/routing": pure,
  "src/balancing": pure,
  "src/http1": pure,
  "src/http2": pure,
  total: { lines: 90, branches: 0 },
};

interface Count {
  readonly total: number;
  readonly covered: number;
}

const root = join(import.meta.dirname, "../..");
const summary = JSON.parse(readFileSync(join(root, "coverage/coverage-summary.json"), "utf8")) as Readonly<
  Record<string, { readonly lines: Count; readonly branches: Count }>
>;

const folders = new Map<string, { readonly lines: Count; readonly branches: Count }[]>();
for (const [file, counts] of Object.entries(summary)) {
  const folder = file === "total" ? file : relative(root, file).split(sep).slice(0, 2).join("/");
  folders.set(folder, [...(folders.get(folder) ?? []), counts]);
}

function percent(counts: readonly Count[]): number {
  const sum = (part: keyof Count): number => counts.reduce((all, count) => all + count[part], 0);
  // Rounded down, so that only everything is 100 %.
  return sum("total") === 0 ? 100 : Math.floor((sum("covered") / sum("total")) * 1_000) / 10;
}

for (const [folder, counts] of [...folders].toSorted(([a], [b]) => a.localeCompare(b))) {
  const found: Coverage = {
    lines: percent(counts.map((c) => c.lines)),
    branches: percent(counts.map((c) => c.branches)),
  };
  const wanted = least[folder] ?? { lines: 0, branches: 0 };
  const isEnough = found.lines >= wanted.lines && found.branches >= wanted.branches;
  const verdict = isEnough ? "" : `  too little: ${wanted.lines} % and ${wanted.branches} % are asked for`;
  process.stdout.write(
    `${folder.padEnd(16)} lines ${found.lines} %, branches ${found.branches} %${verdict}\n`,
  );
  if (!isEnough) process.exitCode = 1;
}
