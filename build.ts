// npm run build: bundles the program into dist/, one file to start and chunks that are loaded when they are needed.
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { build, type Metafile } from "esbuild";

const root = import.meta.dirname;

/** CommonJS packages in an ES module bundle call `require` for Node's own modules. */
const requireBanner =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Writes the program into an empty folder: eastbound.js (executable), its chunks, source maps, the licences of what is
 * bundled, and a package.json that makes Node read it as ES modules. The same sources give the same bytes.
 */
export async function buildProgram(outdir: string): Promise<Metafile> {
  await rm(outdir, { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { eastbound: "src/cli/main.ts" },
    outdir,
    bundle: true,
    splitting: true,
    chunkNames: "chunks/[name]-[hash]",
    format: "esm",
    platform: "node",
    target: "node26",
    // Nothing is minified: stack traces keep names and lines, and esbuild's keepNames would cost a call per closure.
    sourcemap: "linked",
    legalComments: "none",
    banner: { js: requireBanner },
    metafile: true,
    logLevel: "warning",
  });
  await chmod(join(outdir, "eastbound.js"), 0o755);
  const { name, version } = await readPackage(".");
  await writeFile(
    join(outdir, "package.json"),
    `${JSON.stringify({ name, version, type: "module" }, null, 2)}\n`,
  );
  await writeFile(join(outdir, "THIRD_PARTY_LICENSES"), await collectLicences(metafile));
  return metafile;
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
}

async function readPackage(folder: string): Promise<Package> {
  return JSON.parse(await readFile(join(root, folder, "package.json"), "utf8")) as Package;
}

/** The licence of every package that is in the bundle; a package without one stops the build. */
async function collectLicences(metafile: Metafile): Promise<string> {
  const inputs = Map.groupBy(
    Object.keys(metafile.inputs),
    (input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0],
  );
  const texts: string[] = [];
  for (const folder of [...inputs.keys()].filter((each) => each !== undefined).sort()) {
    const shipped = await readPackage(folder);
    const { name, version, license } = shipped;
    const file = (await readdir(join(root, folder))).find((entry) => /^(?:un)?licen[cs]e/i.test(entry));
    const text =
      file === undefined
        ? await noticesIn(shipped, inputs.get(folder) ?? [])
        : await readFile(join(root, folder, file), "utf8");
    texts.push(`${name} ${version} (${license.replace(/^\(|\)$/g, "")})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${"-".repeat(80)}\n\n`);
}

/** Some packages have their notices at the beginning of their files only, and the text of Apache-2.0 is ours, too. */
async function noticesIn({ name, version, license }: Package, files: readonly string[]): Promise<string> {
  const notices = new Set<string>();
  for (const file of files) {
    const [comment = ""] = /^(\/\/.*\n)+/.exec(await readFile(join(root, file), "utf8")) ?? [];
    if (comment.includes("Copyright")) notices.add(comment.replace(/^\/\/ ?/gm, ""));
  }
  if (notices.size === 0) throw new Error(`${name} ${version} has no licence to ship`);
  if (license.includes("Apache-2.0")) notices.add(await readFile(join(root, "LICENSE"), "utf8"));
  return [...notices].join("\n");
}

if (import.meta.main) {
  const outdir = join(root, "dist");
  await mkdir(outdir, { recursive: true });
  const { outputs } = await buildProgram(outdir);
  for (const [path, { bytes }] of Object.entries(outputs)) {
    if (path.endsWith(".js"))
      process.stdout.write(`${relative(root, path)} ${Math.ceil(bytes / 1024)} KiB\n`);
  }
}
