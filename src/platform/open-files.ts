import { readFileSync } from "node:fs";

/** How many files and sockets this process may have open; undefined where the system does not say or sets no bound. */
export function openFilesLimit(read: () => string = readLimits): number | undefined {
  try {
    // Node raises the soft limit to the hard one before anything of ours runs.
    const [, soft] = /^Max open files\s+(\d+)/m.exec(read()) ?? [];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return undefined;
  }
}

/** Linux only. https://man7.org/linux/man-pages/man5/proc_pid_limits.5.html */
function readLimits(): string {
  return readFileSync("/proc/self/limits", "utf8");
}
