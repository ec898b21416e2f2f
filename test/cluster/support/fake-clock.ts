import { strict as assert } from "node:assert";
import { rename, writeFile } from "node:fs/promises";
import { rig } from "./cluster.ts";

const FOLDER = "/clock";

/**
 * A wall clock that can be set, by Debian's libfaketime, for a container of the program's image: Date and the times of
 * certificates follow it, timers and `performance.now()` go on as they were, as when a machine's clock is set.
 */
export const fakeClock = {
  environment: {
    LD_PRELOAD: "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    FAKETIME_TIMESTAMP_FILE: `${FOLDER}/offset`,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  },
  volume: { name: "clock", emptyDir: {} },
  mount: { name: "clock", mountPath: FOLDER },
} as const;

/** Sets a container's clock off from the machine's: "+2h", "-90m", "+0". */
export async function setClock(podUid: string, container: string, offset: string): Promise<void> {
  const [pid] = await rig().containerPids(podUid, container);
  assert.ok(pid, `the container ${container} runs`);
  const file = `/proc/${pid}/root${FOLDER}/offset`;
  await writeFile(`${file}.new`, offset);
  await rename(`${file}.new`, file);
}
