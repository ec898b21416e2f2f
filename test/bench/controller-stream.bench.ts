// What the stream from the controller costs a sidecar in memory at rest, on the own transport and on @grpc/grpc-js, and
// how long it takes to learn a Service. Each variant is bundled as the program is, and runs in processes of its own.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { Catalogue, createTrust, Replica, SidecarFiles } from "../discovery/mesh-harness.ts";

const RUNS = 7;

interface Sample {
  readonly privateBytes: number;
  readonly used: number;
  readonly first: number;
  readonly later: number;
}

const root = join(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "eastbound-bench-"));
await build({
  absWorkingDir: root,
  entryPoints: { sidecar: fileURLToPath(import.meta.resolve("./controller-stream/sidecar.ts")) },
  outdir: folder,
  bundle: true,
  splitting: true,
  format: "esm",
  outExtension: { ".js": ".mjs" },
  platform: "node",
  target: "node26",
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
});

const catalogue = new Catalogue();
for (let i = 0; i < 20; i++) {
  catalogue.put(
    `10.96.0.${i + 1}`,
    `service-${i}`,
    Array.from({ length: 10 }, (_, n) => `10.1.${i}.${n}`),
  );
}
const { authority, certificate } = await createTrust();
await using replica = await Replica.start(catalogue, certificate, { host: "127.0.0.1", port: 0 });
using files = new SidecarFiles(authority.certificate);

async function sampleOf(variant: string, services: number): Promise<Sample> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--expose-gc",
    join(folder, "sidecar.mjs"),
    variant,
    String(replica.server.port),
    files.ca,
    files.token,
    String(services),
  ]);
  return JSON.parse(stdout) as Sample;
}

function median(samples: readonly Sample[], key: keyof Sample): number {
  return samples.map((sample) => sample[key]).sort((a, b) => a - b)[samples.length >> 1] ?? 0;
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`;

console.log(`private memory and heapUsed + external after GC, medians of ${RUNS}`);
for (const [variant, services] of [
  ["bare", 0],
  ["own", 1],
  ["own", 20],
  ["grpc-js", 1],
  ["grpc-js", 20],
] as const) {
  const samples: Sample[] = [];
  for (let i = 0; i < RUNS; i++) samples.push(await sampleOf(variant, services));
  const memory = `${megabytes(median(samples, "privateBytes"))} private, ${megabytes(median(samples, "used"))} used`;
  const waits = `first learned after ${median(samples, "first").toFixed(1)} ms, others ${median(samples, "later").toFixed(1)} ms`;
  console.log(`${variant.padEnd(8)} ${services} Services: ${memory}${services > 0 ? `; ${waits}` : ""}`);
}
rmSync(folder, { recursive: true });
