import { ApiException, CustomObjectsApi, type KubeConfig, PatchStrategy } from "@kubernetes/client-node";
import { apiFailure } from "../api-call.ts";
import { COMPONENT_NAME } from "../controller-name.ts";
import { writeOptions } from "../election/write-options.ts";
import { readObservedRoute } from "./observed-route.ts";
import { ROUTE_KINDS, type RouteKind } from "./route-kinds.ts";
import type { RouteAddress, RouteAnswer, RouteRefusal, StatusPort } from "./status-port.ts";

/** Routes at the API server. */
export function createStatusApi(config: KubeConfig): StatusPort {
  const api = config.makeApiClient(CustomObjectsApi);
  return {
    async read(route, signal) {
      try {
        const raw: unknown = await api.getNamespacedCustomObject(nameOf(route), writeOptions(signal));
        return answerOf(raw, route.kind);
      } catch (error) {
        return failureOf(error);
      }
    },
    async patch(route, operations, signal) {
      const call = { ...nameOf(route), body: operations, fieldManager: COMPONENT_NAME };
      try {
        const options = writeOptions(signal, PatchStrategy.JsonPatch);
        const raw: unknown = await api.patchNamespacedCustomObjectStatus(call, options);
        return answerOf(raw, route.kind);
      } catch (error) {
        return refusalOf(error) ?? failureOf(error);
      }
    },
  };
}

function nameOf({ kind, version, namespace, name }: RouteAddress) {
  const { group, plural } = ROUTE_KINDS[kind];
  return { group, version, namespace, plural, name };
}

function answerOf(raw: unknown, kind: RouteKind): RouteAnswer {
  const route = readObservedRoute(raw, kind);
  return route === undefined
    ? { kind: "failed", message: "the API server's answer is no route" }
    : { kind: "route", route };
}

/** A failed `test` is answered 422 as what is not valid is. */
function refusalOf(error: unknown): RouteRefusal | undefined {
  const { status, message } = apiFailure(error);
  return status === 409 || status === 422 ? { kind: "refused", message } : undefined;
}

function failureOf(error: unknown): RouteAnswer {
  const { status, message } = apiFailure(error);
  if (status === 404) return { kind: "gone" };
  const seconds = error instanceof ApiException ? Number(error.headers["retry-after"]) : Number.NaN;
  return seconds > 0
    ? { kind: "failed", message, retryAfterMs: seconds * 1000 }
    : { kind: "failed", message };
}
