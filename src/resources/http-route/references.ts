import type { BackendObjectReference, ParentRef } from "../http-route.ts";
import { defined, get, itemOf, object, reportDuplicates } from "../read/collection.ts";
import { type Field, member, report } from "../read/field.ts";
import { apiGroup, dnsLabel, dnsSubdomain, objectKind, referencedName } from "../read/names.ts";
import { portNumber } from "../read/port.ts";
import { optional, text, withDefault } from "../read/scalar.ts";

export function readParentRef(field: Field): ParentRef {
  const at = object(field);
  return {
    name: get(at, "name", text(referencedName)),
    ...defined({
      group: get(at, "group", optional(text(apiGroup))),
      kind: get(at, "kind", optional(text(objectKind))),
      namespace: get(at, "namespace", optional(text(dnsLabel))),
      sectionName: get(at, "sectionName", optional(text(dnsSubdomain))),
      port: get(at, "port", optional(portNumber)),
    }),
  };
}

/**
 * References to one parent must differ by sectionName or port, and either all or none of them have these
 * (https://github.com/kubernetes-sigs/gateway-api/blob/v1.7.0/apis/v1/shared_types.go, CommonRouteSpec).
 */
export function checkParentRefs(field: Field, refs: readonly ParentRef[]): void {
  reportDuplicates(
    field,
    refs,
    "parent, sectionName and port",
    (ref) => `${parentKey(ref)} ${sectionKey(ref)}`,
  );
  const first = new Map<string, ParentRef>();
  for (const [index, ref] of refs.entries()) {
    const other = first.get(parentKey(ref)) ?? ref;
    first.set(parentKey(ref), other);
    for (const part of ["sectionName", "port"] as const) {
      if ((other[part] === undefined) !== (ref[part] === undefined)) {
        report(
          itemOf(field, index),
          `must have ${part} exactly if the other references to the parent have it`,
        );
      }
    }
  }
}

function parentKey(ref: ParentRef): string {
  const { group = GATEWAY_GROUP, kind = "Gateway", namespace = "", name } = ref;
  return [group, kind, namespace, name].join(" ");
}

function sectionKey(ref: ParentRef): string {
  return `${ref.sectionName ?? ""} ${ref.port ?? ""}`;
}

const GATEWAY_GROUP = "gateway.networking.k8s.io";

/** `core` is how some documents write the core group, whose name is empty. */
const CORE_GROUP_ALIAS = "core";

/** A Service, which is the default kind, needs a port: nothing else says which one is meant. */
export function readBackendObjectReference(field: Field): BackendObjectReference {
  const at = object(field);
  const group = get(at, "group", withDefault(text(apiGroup), ""));
  const reference = {
    group: group === CORE_GROUP_ALIAS ? "" : group,
    kind: get(at, "kind", withDefault(text(objectKind), "Service")),
    name: get(at, "name", text(referencedName)),
    ...defined({
      namespace: get(at, "namespace", optional(text(dnsLabel))),
      port: get(at, "port", optional(portNumber)),
    }),
  };
  if (reference.group === "" && reference.kind === "Service" && reference.port === undefined) {
    report(member(at, "port"), "is required for a Service");
  }
  return reference;
}
