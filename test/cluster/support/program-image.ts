import { createHash } from "node:crypto";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { buildProgram } from "../../../build.ts";
import { cluster, rig } from "./cluster.ts";

const IMAGE_FOLDER = join(import.meta.dirname, "../image");
const REPOSITORY = "localhost/eastbound/test";

let ready: Promise<string> | undefined;

/**
 * The name of an image with the program as the sources are now, which every node has: `node`, the built program as
 * /opt/eastbound/eastbound.js (the entry point), and test/cluster/image beside it. EASTBOUND_TEST_IMAGE names one for a
 * cluster that is not the rig.
 */
export function programImage(): Promise<string> {
  const named = process.env["EASTBOUND_TEST_IMAGE"] ?? "";
  if (cluster().rig === undefined && named !== "") return Promise.resolve(named);
  ready ??= makeImage();
  return ready;
}

async function makeImage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "eastbound-image-"));
  try {
    await buildProgram(folder);
    await cp(IMAGE_FOLDER, folder, { recursive: true });
    const name = `${REPOSITORY}:${await contentHash(folder)}`;
    if (!(await rig().hasImage(name))) {
      await rig().removeArchives(REPOSITORY);
      await rig().script("build-image", name, folder);
    }
    return name;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function contentHash(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    hash
      .update(`${relative(folder, path)}\0`)
      .update(await readFile(path))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 12);
}
