import type { CompiledFrontend } from "./compile-frontend.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import type { MatchEntry } from "./matching/match-entry.ts";
import { meetsConditions } from "./matching/match-entry.ts";
import type { RequestView } from "./request-view.ts";

/** The rule for a request: the best of all matches that it fulfils. Undefined: none, to be answered 404. */
export function matchRequest(compiled: CompiledFrontend, request: RequestView): CompiledRule | undefined {
  return compiled.onlyRule ?? matchEntry(compiled, request)?.rule;
}

/** The match that decides. Undefined too where no route is bound. */
export function matchEntry(compiled: CompiledFrontend, request: RequestView): MatchEntry | undefined {
  const { path } = request;
  if (path.length <= compiled.maxExactLength) {
    const entries = compiled.exact.get(path);
    const entry = entries === undefined ? undefined : firstMet(entries, request);
    if (entry !== undefined) return entry;
  }
  for (const entry of compiled.regexes) {
    // Conditions first: they are cheaper than the expression.
    if (meetsConditions(entry, request) && entry.pathPattern?.matches(path) === true) return entry;
  }
  for (let group = compiled.prefixes.find(path); group !== undefined; group = group.parent) {
    const entry = firstMet(group.entries, request);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function firstMet(entries: readonly MatchEntry[], request: RequestView): MatchEntry | undefined {
  for (const entry of entries) {
    if (meetsConditions(entry, request)) return entry;
  }
  return undefined;
}
