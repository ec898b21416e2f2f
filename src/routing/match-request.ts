import type { CompiledFrontend } from "./compile-frontend.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import type { MatchEntry } from "./matching/match-entry.ts";
import { matchesPath, meetsConditions } from "./matching/match-entry.ts";
import type { RankedRegex, RegexTable } from "./matching/regex-table.ts";
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
  const regexEntry = compiled.regexes.isEmpty ? undefined : bestRegex(compiled.regexes, request);
  if (regexEntry !== undefined) return regexEntry;
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

function bestRegex(regexes: RegexTable, request: RequestView): MatchEntry | undefined {
  const { path } = request;
  let best: RankedRegex | undefined;
  for (let group = regexes.find(path); group !== undefined; group = group.parent) {
    for (const candidate of group.entries) {
      if (best !== undefined && best.rank < candidate.rank) break;
      // Conditions first: they are cheaper than an expression.
      if (meetsConditions(candidate.entry, request) && matchesPath(candidate.entry, path)) best = candidate;
    }
  }
  return best?.entry;
}
