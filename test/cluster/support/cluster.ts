import assert from "node:assert/strict";
import { KubeConfig } from "@kubernetes/client-node";
import { Rig } from "./rig.ts";

/** The Kubernetes that the tests run on. */
export interface Cluster {
  readonly config: KubeConfig;
  /** The path of the kubeconfig, for programs. */
  readonly kubeconfig: string;
  /** Our own cluster, whose parts can be entered and killed; undefined on somebody else's. */
  readonly rig: Rig | undefined;
}

let current: Cluster | undefined;
let booted: Rig | undefined;
const endings: (() => Promise<void>)[] = [];

/**
 * Takes the cluster that KUBECONFIG names, else boots the rig or takes it as it runs. A kubeconfig of the rig's own
 * counts as the rig.
 */
export async function bootCluster(): Promise<void> {
  const named = process.env["KUBECONFIG"] ?? "";
  const rig = new Rig();
  if (named !== "" && named !== rig.kubeconfig) {
    current = { config: readConfig(named), kubeconfig: named, rig: undefined };
    return;
  }
  if (!rig.isRunning()) booted = rig;
  await rig.up();
  current = { config: readConfig(rig.kubeconfig), kubeconfig: rig.kubeconfig, rig };
}

/** Has something done after the last test, while the cluster is there. */
export function atTheEnd(ending: () => Promise<void>): void {
  endings.push(ending);
}

/** Ends what `bootCluster` booted, unless KEEP is set, so that the next run finds it warm. */
export async function leaveCluster(): Promise<void> {
  for (const ending of endings) await ending();
  if (booted !== undefined && (process.env["KEEP"] ?? "") === "") await booted.down();
}

function readConfig(path: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(path);
  return config;
}

/** The cluster; the root hook has booted it. */
export function cluster(): Cluster {
  assert.ok(
    current,
    "no cluster: run these tests by `npm run test:cluster`, which has the hook that boots one",
  );
  return current;
}

/** The cluster's rig, for tests that kill its parts, enter its network or load images. Fails on any other cluster. */
export function rig(): Rig {
  const found = cluster().rig;
  assert.ok(
    found,
    "this test needs the rig, not the cluster that KUBECONFIG names: unset it, or leave the test out by --ignore",
  );
  return found;
}
