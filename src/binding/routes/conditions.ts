import type { InvalidHttpRoute } from "../../resources/http-route/invalid-http-route.ts";
import type { HttpRoute, HttpRouteRule } from "../../resources/http-route.ts";
import type { RouteCondition } from "../route-status.ts";
import { enumerate, joinSentences } from "../sentence.ts";
import { describePort } from "../services/mesh-service.ts";
import type { UnresolvedReference } from "./bound-rule.ts";
import { describeOpaque, type ParentAttachment } from "./parent-attachment.ts";
import type { RuleFault } from "./rule-check.ts";

/** What was found out about each rule of a route, in the order of its rules. */
export interface RuleVerdict {
  readonly rule: HttpRouteRule;
  readonly fault: RuleFault | undefined;
  readonly unresolved: readonly UnresolvedReference[];
}

/** The conditions of a route under one of its parents. */
export function routeConditions(
  route: HttpRoute,
  verdicts: readonly RuleVerdict[],
  parent: ParentAttachment,
): readonly RouteCondition[] {
  return [
    ...acceptance(route, verdicts, parent).map((condition) => ({
      ...condition,
      observedGeneration: route.meta.generation,
    })),
    { ...resolution(verdicts), observedGeneration: route.meta.generation },
  ];
}

/** The one condition of a route that could not be read: whether its references lead anywhere is not known. */
export function refusal({ meta, problems }: InvalidHttpRoute): RouteCondition {
  const named = problems.map(({ path, message }) => `${path === "" ? "The object" : path} ${message}.`);
  return {
    type: "Accepted",
    status: "False",
    reason: "UnsupportedValue",
    message: joinSentences(["The route can't be read and is not in force.", ...named]),
    observedGeneration: meta.generation,
  };
}

type Judgement = Omit<RouteCondition, "observedGeneration">;

/**
 * A route is accepted if one of its rules is served; PartiallyInvalid says that others are not, and must be absent
 * where all or none are (https://gateway-api.sigs.k8s.io/reference/spec/#routeconditiontype).
 */
function acceptance(
  route: HttpRoute,
  verdicts: readonly RuleVerdict[],
  parent: ParentAttachment,
): readonly Judgement[] {
  if (parent.kind === "unmatched") {
    return [
      {
        type: "Accepted",
        status: "False",
        reason: "NoMatchingParent",
        message: joinSentences([parent.message]),
      },
    ];
  }
  const faults = verdicts.flatMap(({ rule, fault }, index) =>
    fault === undefined ? [] : [{ rule, fault, index }],
  );
  const [first] = faults;
  const dropped = faults.map(
    ({ rule, fault, index }) => `Dropped Rule ${nameRule(rule, index)}: ${fault.message}.`,
  );
  if (first !== undefined && faults.length === verdicts.length) {
    const message = joinSentences(["No rule of the route can be served.", ...dropped]);
    return [{ type: "Accepted", status: "False", reason: first.fault.reason, message }];
  }
  const message = joinSentences([describeAttachment(route, parent), ...notes(route, parent)]);
  const accepted: Judgement = { type: "Accepted", status: "True", reason: "Accepted", message };
  if (first === undefined) return [accepted];
  return [
    accepted,
    { type: "PartiallyInvalid", status: "True", reason: first.fault.reason, message: joinSentences(dropped) },
  ];
}

/** One condition has one reason: that of the first reference that leads nowhere. The message lists all. */
function resolution(verdicts: readonly RuleVerdict[]): Judgement {
  const unresolved = verdicts.flatMap((verdict, rule) =>
    verdict.unresolved.map(({ reason, message }) => ({ reason, message: `rules[${rule}].${message}.` })),
  );
  const [first] = unresolved;
  return first === undefined
    ? {
        type: "ResolvedRefs",
        status: "True",
        reason: "ResolvedRefs",
        message: "All references are resolved.",
      }
    : {
        type: "ResolvedRefs",
        status: "False",
        reason: first.reason,
        message: joinSentences(unresolved.map(({ message }) => message)),
      };
}

function describeAttachment(
  route: HttpRoute,
  parent: ParentAttachment & { readonly kind: "attached" },
): string {
  const ports = enumerate(parent.ports.map(({ port }) => describePort(port)));
  const isConsumer = parent.service.service.meta.namespace !== route.meta.namespace;
  const clients = isConsumer ? `, for clients in namespace ${route.meta.namespace}` : "";
  return `Bound to Service ${parent.service.key}, port${parent.ports.length > 1 ? "s" : ""} ${ports}${clients}.`;
}

/** What the author of an accepted route should know all the same. */
function notes(
  route: HttpRoute,
  parent: ParentAttachment & { readonly kind: "attached" },
): readonly string[] {
  const names = new Set<string>();
  const opaque = parent.opaque.length === 0 ? [] : [`Not bound: ${describeOpaque(parent.opaque)}.`];
  return [...opaque, ...route.rules.flatMap((rule, index) => ruleNotes(rule, index, names))];
}

/** `names` holds those of the rules before, and takes this one's. */
function ruleNotes(rule: HttpRouteRule, index: number, names: Set<string>): readonly string[] {
  const notes: string[] = [];
  if (rule.name !== undefined && names.size === names.add(rule.name).size) {
    notes.push(`rules[${index}]: the name ${JSON.stringify(rule.name)} is taken by an earlier rule.`);
  }
  if (rule.hasSessionPersistence) notes.push(`rules[${index}].sessionPersistence is not in force.`);
  return notes;
}

function nameRule(rule: HttpRouteRule, index: number): string {
  return rule.name === undefined ? String(index) : `${index} (${rule.name})`;
}
