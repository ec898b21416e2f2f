import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { SnapshotStore, StoredResource } from "../client-ports.ts";
import { decodeSnapshot, encodeSnapshot } from "./snapshot-codec.ts";

/** Thousands of Services: a sidecar that needs more keeps no snapshot. */
const MOST_BYTES = 16 * 1_048_576;

/** The snapshot in a file, which is whole at any time: a new one is written beside it and takes its place. */
export class SnapshotFile implements SnapshotStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Reads at once, for this is before the first connection is taken. */
  read(): readonly StoredResource[] {
    const bytes = readBounded(this.#path);
    if (bytes === undefined) return [];
    const result = decodeSnapshot(bytes);
    if (result.kind === "ok") return result.value;
    throw new Error(`${this.#path} ${result.problems.map(({ message }) => message).join(", ")}`);
  }

  async write(resources: readonly StoredResource[]): Promise<void> {
    const bytes = encodeSnapshot(resources);
    if (bytes.length > MOST_BYTES) throw new Error(`a snapshot of ${bytes.length} bytes is too large`);
    const fresh = `${this.#path}.new`;
    await writeSynced(fresh, bytes);
    await rename(fresh, this.#path);
    await syncFolder(dirname(this.#path));
  }
}

function readBounded(path: string): Uint8Array | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (size > MOST_BYTES) throw new Error(`${path} is too large`);
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  await using file = await open(path, "w", 0o600);
  await file.writeFile(bytes);
  // Else a crash of the node could leave the name with nothing behind it.
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}
