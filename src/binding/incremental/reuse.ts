import { isSameContent } from "../../resources/same-content.ts";
import type { Frontend } from "../frontend.ts";
import type { FrontendVariants } from "../frontend-variants.ts";

/** What was there before if it says the same. */
export function reuse<T>(before: T | undefined, after: T): T {
  return before !== undefined && isSameContent(before, after) ? before : after;
}

/** The same for each Frontend, and for all of them together. */
export function reuseVariants(
  before: FrontendVariants | undefined,
  after: FrontendVariants,
): FrontendVariants {
  if (before === undefined) return after;
  const producer = reuse(before.producer, after.producer);
  const consumers = new Map<string, Frontend>();
  let isSame = producer === before.producer && before.consumers.size === after.consumers.size;
  for (const [namespace, frontend] of after.consumers) {
    const known = before.consumers.get(namespace);
    const kept = reuse(known, frontend);
    if (kept !== known) isSame = false;
    consumers.set(namespace, kept);
  }
  return isSame ? before : { producer, consumers };
}
