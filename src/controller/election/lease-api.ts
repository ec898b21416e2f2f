import { type CoordinationV1Api, PatchStrategy, type V1Lease, V1MicroTime } from "@kubernetes/client-node";
import { apiFailure, callOptions } from "../api-call.ts";
import { COMPONENT_NAME } from "../controller-name.ts";
import type { LeaseAnswer, LeasePort, LeaseRecord } from "./lease-port.ts";

export interface LeaseApiOptions {
  readonly api: CoordinationV1Api;
  readonly namespace: string;
  readonly name: string;
}

/** The Lease `name` at the API server. Writes leave labels, annotations and owners as they are. */
export function createLeaseApi(options: LeaseApiOptions): LeasePort {
  const { api, namespace, name } = options;
  return {
    read: (signal) => answer(() => api.readNamespacedLease({ name, namespace }, callOptions({ signal }))),
    create: (record, signal) => {
      const body = { metadata: { name, namespace }, spec: specOf(record) };
      const create = () =>
        api.createNamespacedLease({ namespace, body, fieldManager: COMPONENT_NAME }, callOptions({ signal }));
      return answer(create, "failed");
    },
    replace: (record, resourceVersion, signal) => {
      // A merge patch that names a resourceVersion is refused with 409 when that is no longer the current one.
      const body: unknown = { metadata: { resourceVersion }, spec: specOf(record) };
      const call = callOptions({ signal, contentType: PatchStrategy.MergePatch });
      return answer(() =>
        api.patchNamespacedLease({ name, namespace, body, fieldManager: COMPONENT_NAME }, call),
      );
    },
  };
}

/** @param notFound what 404 means: what is to be made can't be absent, but its namespace can, which is to be told */
async function answer(
  call: () => Promise<V1Lease>,
  notFound: "absent" | "failed" = "absent",
): Promise<LeaseAnswer> {
  try {
    const { metadata, spec } = await call();
    const record: LeaseRecord = {
      holder: spec?.holderIdentity ?? "",
      durationSeconds: spec?.leaseDurationSeconds ?? 0,
      acquireTime: timeOf(spec?.acquireTime),
      renewTime: timeOf(spec?.renewTime),
      transitions: spec?.leaseTransitions ?? 0,
    };
    return { kind: "lease", lease: { record, resourceVersion: metadata?.resourceVersion ?? "" } };
  } catch (error) {
    const { status, message } = apiFailure(error);
    if (status === 404 && notFound === "absent") return { kind: "absent" };
    return status === 409 ? { kind: "conflict" } : { kind: "failed", message };
  }
}

function specOf(record: LeaseRecord): NonNullable<V1Lease["spec"]> {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: record.durationSeconds,
    acquireTime: new V1MicroTime(record.acquireTime),
    renewTime: new V1MicroTime(record.renewTime),
    leaseTransitions: record.transitions,
  };
}

/** The client's types say Date, but it hands over the text as it came. */
function timeOf(time: unknown): string {
  if (typeof time === "string") return time;
  return time instanceof Date && !Number.isNaN(time.getTime()) ? time.toISOString() : "";
}
