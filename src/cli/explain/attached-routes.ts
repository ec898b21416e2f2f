import type { Frontend } from "../../binding/frontend.ts";
import type { ParentStatus, RouteStatus } from "../../binding/route-status.ts";
import { objectKey } from "../../resources/object-meta.ts";
import type { AttachedRoute } from "./explanation.ts";

/**
 * Every route that names the Service of a Frontend as its parent, whatever became of it: a route that does not count is
 * what people look for.
 */
export function attachedRoutes(
  statuses: readonly RouteStatus[],
  frontend: Frontend,
  from: string,
): readonly AttachedRoute[] {
  const { service } = frontend;
  const inForce = new Set(frontend.routes?.routes.map(objectKey));
  return statuses.flatMap((status) =>
    status.parents
      .filter(
        ({ parentRef }) =>
          parentRef.name === service.name && (parentRef.namespace ?? status.namespace) === service.namespace,
      )
      .map((parent) => {
        const route = objectKey(status);
        const isInForce = inForce.has(route) && reaches(parent, frontend.port);
        const reason = isInForce ? undefined : whyNot(status, parent, { frontend, from });
        const { conditions } = parent;
        return {
          route,
          parent: describeParent(parent),
          isInForce,
          ...(reason !== undefined && { reason }),
          conditions,
        };
      }),
  );
}

function reaches({ parentRef, conditions }: ParentStatus, port: number): boolean {
  return isAccepted(conditions) && (parentRef.port === undefined || parentRef.port === port);
}

function isAccepted(conditions: ParentStatus["conditions"]): boolean {
  return conditions.some(({ type, status }) => type === "Accepted" && status === "True");
}

function describeParent({ parentRef: { port, sectionName } }: ParentStatus): string {
  if (port === undefined && sectionName === undefined) return "every port";
  const named = sectionName === undefined ? "" : ` named ${sectionName}`;
  return `port${port === undefined ? "" : ` ${port}`}${named}`;
}

function whyNot(
  status: RouteStatus,
  parent: ParentStatus,
  { frontend, from }: { readonly frontend: Frontend; readonly from: string },
): string {
  const { service, port } = frontend;
  if (!isAccepted(parent.conditions)) return "not accepted";
  const isProducer = status.namespace === service.namespace;
  const isConsumerScope = frontend.routes?.scope.kind === "consumer";
  if (!isProducer && status.namespace !== from) {
    return `a consumer route: only for clients in namespace ${status.namespace}`;
  }
  if (isProducer && isConsumerScope) return `a producer route: namespace ${from} has routes of its own`;
  return `not for port ${port}`;
}
