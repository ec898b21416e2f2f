import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { rig } from "./cluster.ts";

const run = promisify(execFile);

/** Connections of a pod that carry nothing more, in neither direction, while both ends think them open. */
export interface SilentConnections extends AsyncDisposable {
  readonly count: number;
}

/**
 * Silences the connections that a pod has at this moment to an IPv4 address and port; those that it opens later work.
 * The ends get no packet at all: no answer, no acknowledgement, no reset.
 */
export async function silenceConnections(
  podUid: string,
  container: string,
  peer: string,
): Promise<SilentConnections> {
  const through = await rig().inPodNetwork(podUid, container);
  const inPod = async (...words: readonly string[]): Promise<string> =>
    (await run("env", [...through, ...words])).stdout;
  const listed = await inPod("ss", "-Htn", "state", "established", "dst", peer);
  const [address = "", port = ""] = peer.split(":");
  const ports = listed
    .split("\n")
    .map((line) => /:(\d+)\s+\S+\s*$/.exec(line)?.[1])
    .filter((each) => each !== undefined);
  const rules = ports.flatMap((local) => [
    ["INPUT", "-p", "tcp", "-s", address, "--sport", port, "--dport", local, "-j", "DROP"],
    ["OUTPUT", "-p", "tcp", "-d", address, "--dport", port, "--sport", local, "-j", "DROP"],
  ]);
  for (const rule of rules) await inPod("iptables", "-w", "-I", ...rule);
  return {
    count: ports.length,
    async [Symbol.asyncDispose]() {
      for (const rule of rules) await inPod("iptables", "-w", "-D", ...rule);
    },
  };
}
