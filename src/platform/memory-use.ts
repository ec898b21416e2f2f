import { readFileSync } from "node:fs";

const CGROUP = "/sys/fs/cgroup";

/**
 * Tells how much of its memory limit this container uses, in percent, without what the kernel can take back at any
 * time (files that are cached, the program's own code among them); undefined where there is no limit. Linux with cgroup
 * v2, whose files are those of the container itself. https://docs.kernel.org/admin-guide/cgroup-v2.html#memory
 * @param read the content of one of the cgroup's files; throws where there is none
 */
export function createMemoryGauge(read: (name: string) => string = readCgroup): (() => number) | undefined {
  const limit = Number(readOr("max", "memory.max", read));
  if (!Number.isFinite(limit) || limit <= 0) return undefined;
  return () => {
    const used = Number(readOr("0", "memory.current", read));
    const stat = readOr("", "memory.stat", read);
    const reclaimable = entry(stat, "file") - entry(stat, "shmem") + entry(stat, "slab_reclaimable");
    return ((used - reclaimable) / limit) * 100;
  };
}

function readOr(otherwise: string, name: string, read: (name: string) => string): string {
  try {
    return read(name).trim();
  } catch {
    return otherwise;
  }
}

function readCgroup(name: string): string {
  return readFileSync(`${CGROUP}/${name}`, "utf8");
}

function entry(stat: string, name: string): number {
  const [, bytes] = new RegExp(`^${name} (\\d+)$`, "m").exec(stat) ?? [];
  return Number(bytes ?? 0);
}
