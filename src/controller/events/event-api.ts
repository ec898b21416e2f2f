import {
  CoreV1Api,
  EventsV1Api,
  type EventsV1Event,
  type KubeConfig,
  PatchStrategy,
  V1MicroTime,
  type V1ObjectMeta,
} from "@kubernetes/client-node";
import { apiFailure, callOptions } from "../api-call.ts";
import { CONTROLLER_NAME } from "../controller-name.ts";
import type { ObjectReference } from "./event-draft.ts";
import type { EventAnswer, EventPort, NewEvent } from "./event-port.ts";

/** Long enough for a busy API server; nothing waits for it. */
const CALL_TIMEOUT_MS = 10_000;

/** Events at the API server, made by `instance` (a pod's name). */
export function createEventApi(config: KubeConfig, instance: string): EventPort {
  const api = config.makeApiClient(EventsV1Api);
  const core = config.makeApiClient(CoreV1Api);
  return {
    create: ({ namespace, ...event }, signal) =>
      answer(() =>
        api.createNamespacedEvent(
          { namespace, body: bodyOf({ namespace, ...event }, instance) },
          optionsOf(signal),
        ),
      ),
    read: (namespace, name, signal) =>
      answer(() => api.readNamespacedEvent({ namespace, name }, optionsOf(signal))),
    update: ({ namespace, name, count, at }, signal) => {
      const body = { series: { count, lastObservedTime: microTime(at).toISOString() } };
      const options = optionsOf(signal, PatchStrategy.MergePatch);
      return answer(() => api.patchNamespacedEvent({ namespace, name, body }, options));
    },
    async uidOf(object, signal) {
      try {
        return (await readMetadata(core, object, signal))?.uid;
      } catch {
        // Without it the Event is a little harder to find.
        return undefined;
      }
    },
  };
}

/** Of the kinds whose uid may not be known where something happens. */
async function readMetadata(
  core: CoreV1Api,
  { apiVersion, kind, namespace, name }: ObjectReference,
  signal: AbortSignal,
): Promise<V1ObjectMeta | undefined> {
  switch (`${apiVersion} ${kind}`) {
    case "v1 Pod":
      return (await core.readNamespacedPod({ namespace, name }, optionsOf(signal))).metadata;
    case "v1 Secret":
      return (await core.readNamespacedSecret({ namespace, name }, optionsOf(signal))).metadata;
    case "v1 Service":
      return (await core.readNamespacedService({ namespace, name }, optionsOf(signal))).metadata;
    default:
      return undefined;
  }
}

function optionsOf(signal: AbortSignal, contentType?: string) {
  return callOptions({ signal, timeoutMs: CALL_TIMEOUT_MS, contentType });
}

function bodyOf(event: NewEvent, instance: string): EventsV1Event {
  const { namespace, name, regarding, type, reason, action, note, at, count } = event;
  const { namespace: regardingNamespace, ...about } = regarding;
  return {
    metadata: { namespace, name },
    eventTime: microTime(at),
    regarding: regardingNamespace === "" ? about : regarding,
    type,
    reason,
    action,
    note,
    reportingController: CONTROLLER_NAME,
    reportingInstance: instance.slice(0, 128),
    ...(count > 1 ? { series: { count, lastObservedTime: microTime(at) } } : {}),
  };
}

function microTime(at: number): V1MicroTime {
  return new V1MicroTime(at);
}

async function answer(call: () => Promise<EventsV1Event>): Promise<EventAnswer> {
  try {
    const { series } = await call();
    return { kind: "event", count: series?.count ?? 1 };
  } catch (error) {
    const { status, message, reason } = apiFailure(error);
    if (status === 409) return { kind: "exists" };
    // A namespace that is being deleted takes nothing new.
    if (status === 404 || reason === "NamespaceTerminating") return { kind: "gone" };
    return { kind: "failed", message };
  }
}
