import type { HttpRoute, HttpRouteRule } from "../http-route.ts";
import { get, listOf, object, reportDuplicates } from "../read/collection.ts";
import { type Field, isAbsent, parseWith } from "../read/field.ts";
import { namespacedMeta } from "../read/meta.ts";
import { dnsSubdomain } from "../read/names.ts";
import { text } from "../read/scalar.ts";
import type { Result } from "../result.ts";
import { checkParentRefs, readParentRef } from "./references.ts";
import { DEFAULT_RULE, readRule } from "./rule.ts";
import { wildcardHostname } from "./syntax.ts";

/**
 * Reads a gateway.networking.k8s.io HTTPRoute, v1 or v1beta1, with the fields of both channels of Gateway API 1.7.
 *
 * Enforces what the CRD's schema and its CEL rules enforce, since a folder of files has no API server before it,
 * with these exceptions:
 * - How many rules there are, and how many matches in all of them together, is not limited: these limits protect
 *   the API server, and a longer route hurts nobody here.
 * - Which filters go together, with each other, with backendRefs and with the kinds of matches, is left to binding,
 *   so that a contradiction costs its rule and not the route.
 * - Values of lists that the API may extend (match and filter types, methods, redirect schemes and codes, path
 *   modifiers) are accepted, most of them as `Unsupported`.
 * - Of entries of one name in lists of headers and parameters the first counts.
 */
export function parseHttpRoute(input: unknown): Result<HttpRoute> {
  return parseWith(input, (field: Field) => {
    const at = object(field);
    const meta = get(at, "metadata", (metadata) => namespacedMeta(metadata, dnsSubdomain));
    const spec = get(at, "spec", object);
    return {
      kind: "HTTPRoute",
      meta,
      parentRefs: get(spec, "parentRefs", readParentRefs),
      hostnames: get(spec, "hostnames", listOf(text(wildcardHostname), { maxItems: 16 })),
      rules: get(spec, "rules", readRules),
    };
  });
}

function readParentRefs(field: Field): HttpRoute["parentRefs"] {
  const refs = listOf(readParentRef, { maxItems: 32 })(field);
  checkParentRefs(field, refs);
  return refs;
}

function readRules(field: Field): readonly HttpRouteRule[] {
  if (isAbsent(field)) return [DEFAULT_RULE];
  const rules = listOf(readRule, { minItems: 1 })(field);
  reportDuplicates(field, rules, "name", (rule) => rule.name);
  return rules;
}
