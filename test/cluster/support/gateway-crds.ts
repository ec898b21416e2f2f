import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { cluster } from "./cluster.ts";
import { type AnyObject, ClusterObjects } from "./objects.ts";
import { Rig } from "./rig.ts";

export type Channel = "standard" | "experimental";

/**
 * Installs the CRDs of Gateway API (all of a channel, or those whose plural names are given), and waits until they are
 * served.
 */
export async function installGatewayCrds(channel: Channel, ...plurals: readonly string[]): Promise<void> {
  const objects = new ClusterObjects(cluster().config);
  const texts = await readCrds(channel, plurals);
  for (const text of texts) {
    for (const applied of await objects.apply(text)) {
      if (applied.kind === "CustomResourceDefinition") await established(objects, applied.metadata.name);
    }
  }
}

/** Removes them, with every object of those kinds. Only where nobody else is on the cluster. */
export async function removeGatewayCrds(channel: Channel, ...plurals: readonly string[]): Promise<void> {
  const objects = new ClusterObjects(cluster().config);
  for (const text of await readCrds(channel, plurals)) await objects.delete(text);
}

async function readCrds(channel: Channel, plurals: readonly string[]): Promise<readonly string[]> {
  const folder = join(new Rig().cache, "gateway-crds", channel);
  const names = (await readdir(folder)).filter((name) =>
    plurals.length === 0
      ? name.endsWith(".yaml")
      : plurals.some((plural) => name.endsWith(`_${plural}.yaml`)),
  );
  return Promise.all(names.sort().map((name) => readFile(join(folder, name), "utf8")));
}

async function established(objects: ClusterObjects, name: string): Promise<void> {
  const reference = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name };
  await objects.until(reference, (crd) => hasCondition(crd, "Established"), { what: "be established" });
}

/** Whether an object's status has the condition with the status True. */
function hasCondition(object: AnyObject | undefined, type: string): boolean {
  const status = object?.["status"] as
    | { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
    | undefined;
  return status?.conditions?.some((each) => each.type === type && each.status === "True") ?? false;
}
