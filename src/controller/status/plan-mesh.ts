import { onlyTo, type PatchOperation } from "./json-patch.ts";
import { MESH_FEATURES } from "./mesh-features.ts";
import type { ObservedMesh } from "./observed-mesh.ts";
import { planConditions, type WantedCondition } from "./plan-conditions.ts";

const OWN_TYPES: ReadonlySet<string> = new Set(["Accepted"]);

/**
 * The steps that make the status of an XMesh of ours say what it shall; empty: it does. Conditions of others stay
 * (the CRD itself begins with `Programmed: Unknown`). `namespace` is where the controllers run: with it the message says
 * which installation it is that accepts.
 */
export function planMesh(
  mesh: ObservedMesh,
  { namespace, now }: { readonly namespace: string; readonly now: string },
): readonly PatchOperation[] {
  const { status } = mesh;
  const path = "/status/conditions";
  const wanted = [acceptance(mesh, namespace)];
  const conditions = planConditions(status?.conditions ?? [], { wanted, ownTypes: OWN_TYPES, path, now });
  const supportedFeatures = MESH_FEATURES.map((name) => ({ name }));
  const operations: PatchOperation[] = [];
  if (status === undefined) {
    const value = { conditions: conditions.outcome, supportedFeatures };
    operations.push({ op: "add", path: "/status", value });
  } else {
    if (status.conditions === undefined) operations.push({ op: "add", path, value: conditions.outcome });
    else operations.push(...conditions.operations);
    const isSame =
      status.features.length === MESH_FEATURES.length &&
      status.features.every((name, index) => name === MESH_FEATURES[index]);
    if (!isSame) operations.push({ op: "add", path: "/status/supportedFeatures", value: supportedFeatures });
  }
  return operations.length === 0 ? [] : [onlyTo(mesh.resourceVersion), ...operations];
}

/** There are no parameters that Eastbound could take, so whoever names some is told. */
function acceptance({ hasParameters, generation }: ObservedMesh, namespace: string): WantedCondition {
  const common = { type: "Accepted", observedGeneration: generation } as const;
  return hasParameters
    ? {
        ...common,
        status: "False",
        reason: "InvalidParameters",
        message: "Eastbound takes no parameters: leave spec.parametersRef out.",
      }
    : {
        ...common,
        status: "True",
        reason: "Accepted",
        message: `The mesh is served by Eastbound in namespace ${namespace}.`,
      };
}
