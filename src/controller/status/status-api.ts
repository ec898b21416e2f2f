import { ApiException, CustomObjectsApi, type KubeConfig, PatchStrategy } from "@kubernetes/client-node";
import { apiFailure, callOptions } from "../api-call.ts";
import { electionLimits } from "../election/election-limits.ts";
import { readObservedRoute } from "./observed-route.ts";
import { ROUTE_KINDS, type RouteKind } from "./route-kinds.ts";
import type { RouteAddress, RouteAnswer, RouteRefusal, StatusPort } from "./status-port.ts";

/** Who writes, in `metadata.managedFields`. */
export const FIELD_MANAGER = "eastbound-controller";

/** Routes at the API server. */
export function createStatusApi(config: KubeConfig): StatusPort {
  const api = config.makeApiClient(CustomObjectsApi);
  return {
    async read(route, signal) {
      try {
        const raw: unknown = await api.getNamespacedCustomObject(nameOf(route), optionsOf(signal));
        return answerOf(raw, route.kind);
      } catch (error) {
        return failureOf(error);
      }
    },
    async patch(route, operations, signal) {
      const call = { ...nameOf(route), body: operations, fieldManager: FIELD_MANAGER };
      try {
        const options = optionsOf(signal, PatchStrategy.JsonPatch);
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

/** Without an answer in time a call may have been carried out, or not, and the route is read anew. */
function optionsOf(signal: AbortSignal, contentType?: string) {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(electionLimits.writeTimeoutMs)]);
  return callOptions(contentType === undefined ? { signal: bounded } : { signal: bounded, contentType });
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
