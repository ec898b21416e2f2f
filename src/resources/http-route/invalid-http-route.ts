import type { ParentRef } from "../http-route.ts";
import type { ObjectMeta } from "../object-meta.ts";
import { get, object } from "../read/collection.ts";
import { isRecord, parseWith } from "../read/field.ts";
import { namespacedMeta } from "../read/meta.ts";
import { dnsSubdomain } from "../read/names.ts";
import type { Problem } from "../result.ts";
import { readParentRef } from "./references.ts";

/**
 * An HTTPRoute that the API server has taken and `parseHttpRoute` refuses: its CRD is of another version, or lacks a
 * rule. It carries no traffic; what is left of it tells whom to say what is wrong.
 */
export interface InvalidHttpRoute {
  readonly kind: "InvalidHTTPRoute";
  readonly meta: ObjectMeta;
  /** Those that can be read, as written. */
  readonly parentRefs: readonly ParentRef[];
  /** Why it was refused; never empty. */
  readonly problems: readonly Problem[];
}

/** As many as the API allows. */
const MAX_PARENTS = 32;

/** What can be read of a route that was refused for `problems`; undefined where not even its name can. */
export function readInvalidHttpRoute(
  input: unknown,
  problems: readonly Problem[],
): InvalidHttpRoute | undefined {
  const meta = parseWith(input, (field) =>
    get(object(field), "metadata", (metadata) => namespacedMeta(metadata, dnsSubdomain)),
  );
  return meta.kind === "invalid"
    ? undefined
    : { kind: "InvalidHTTPRoute", meta: meta.value, parentRefs: readParentRefs(input), problems };
}

function readParentRefs(input: unknown): readonly ParentRef[] {
  const spec = isRecord(input) ? input["spec"] : undefined;
  const refs = isRecord(spec) ? spec["parentRefs"] : undefined;
  if (!Array.isArray(refs)) return [];
  return refs.slice(0, MAX_PARENTS).flatMap((item: unknown) => {
    const parsed = parseWith(item, readParentRef);
    return parsed.kind === "ok" ? [parsed.value] : [];
  });
}
