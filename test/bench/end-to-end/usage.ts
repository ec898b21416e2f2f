import { readdirSync, readFileSync } from "node:fs";

/**
 * CPU time of a process with all its threads and descendants so far, in ns. From /proc/PID/task/TID/schedstat, whose
 * first figure is the time on a core (kernel documentation, scheduler/sched-stats): it has no ticks. Time of threads and
 * descendants that have ended is not in it; proxies keep theirs.
 */
export function cpuNsOf(pid: number): number {
  let total = 0;
  for (const process of treeOf(pid)) {
    for (const thread of readdirSync(`/proc/${process}/task`)) {
      const [onCpu = ""] = readFileSync(`/proc/${process}/task/${thread}/schedstat`, "utf8").split(" ");
      total += Number(onCpu);
    }
  }
  return total;
}

/** Memory of a process with its descendants, in bytes. */
export interface Memory {
  /** What would be free if it ended: private pages, clean and dirty. */
  readonly uss: number;
  /** Private pages and its share of the common ones. */
  readonly pss: number;
  readonly rss: number;
  /** What it wrote itself: the part that grows with connections. */
  readonly privateDirty: number;
}

/** Reads /proc/PID/smaps_rollup (proc_pid_smaps_rollup(5)). */
export function memoryOf(pid: number): Memory {
  const sum = { uss: 0, pss: 0, rss: 0, privateDirty: 0 };
  for (const process of treeOf(pid)) {
    const text = readFileSync(`/proc/${process}/smaps_rollup`, "utf8");
    const bytes = (key: string): number =>
      Number(new RegExp(`^${key}: +(\\d+) kB$`, "m").exec(text)?.[1]) * 1_024;
    const privateDirty = bytes("Private_Dirty");
    sum.uss += bytes("Private_Clean") + privateDirty;
    sum.pss += bytes("Pss");
    sum.rss += bytes("Rss");
    sum.privateDirty += privateDirty;
  }
  return sum;
}

function treeOf(pid: number): readonly number[] {
  const found: number[] = [pid];
  for (const parent of found) {
    for (const thread of readdirSync(`/proc/${parent}/task`)) {
      const children = readFileSync(`/proc/${parent}/task/${thread}/children`, "utf8");
      found.push(...children.split(" ").filter(Boolean).map(Number));
    }
  }
  return found;
}
