import type { BoundRoute, BoundRule, Frontend } from "../binding/frontend.ts";
import { compileImplicitRule, compileRule } from "./compile-rule.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import type { MatchEntry } from "./matching/match-entry.ts";
import { compileMatch } from "./matching/match-entry.ts";
import { comparePrecedence } from "./matching/precedence.ts";
import { PrefixTable } from "./matching/prefix-table.ts";
import { RegexTable } from "./matching/regex-table.ts";
import type { RedirectOrigin } from "./redirect.ts";

/** A Frontend, ready for `matchRequest`. Immutable once compiled. */
export interface CompiledFrontend extends MatchTables {
  readonly frontend: Frontend;
  /** Every rule in the order of the route set, for `explain`. */
  readonly rules: readonly CompiledMatches[];
  /** The rule of every request, where there can be only one: no route, or a match of everything that nothing beats. */
  readonly onlyRule: CompiledRule | undefined;
  /** For `redirectLocation`: the address and port that clients of this Frontend dial. */
  readonly origin: RedirectOrigin;
}

/** All matches by the kind of their path. Those that share a path stand best first. */
interface MatchTables {
  readonly exact: ReadonlyMap<string, readonly MatchEntry[]>;
  /** Paths longer than this need no look at `exact`; -1 where it is empty. */
  readonly maxExactLength: number;
  readonly regexes: RegexTable;
  readonly prefixes: PrefixTable<MatchEntry>;
}

/** A step deals with this many matches, which takes tens of microseconds. */
const STEP_SIZE = 64;

/** Never fails: what can't be applied answers 500, and what can't be matched matches nothing. */
export function compileFrontend(frontend: Frontend): CompiledFrontend {
  const steps = compileFrontendInSteps(frontend);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/**
 * The same in steps of well below a millisecond, so that thousands of rules don't hold up the event loop: run it for
 * as long as the turn allows, and go on in the next.
 */
export function* compileFrontendInSteps(frontend: Frontend): Generator<undefined, CompiledFrontend> {
  const exact = new Map<string, MatchEntry[]>();
  const prefixes = new PrefixTable<MatchEntry>("element");
  const regexEntries: MatchEntry[] = [];
  const rules: CompiledMatches[] = [];
  let count = 0;
  for (const rule of compileMatches(frontend.routes?.routes ?? [])) {
    rules.push(rule);
    for (const entry of rule.entries) {
      if (entry.pathKind === "exact") addTo(exact, entry);
      else if (entry.pathKind === "prefix") prefixes.add(entry.path, entry);
      else if (entry.pathKind === "regex") regexEntries.push(entry);
      count += 1;
      if (count % STEP_SIZE === 0) yield;
    }
  }
  const regexes = new RegexTable();
  yield* inSteps(sortEach(exact.values()));
  yield* inSteps(sortEach(prefixes.groups.values().map((group) => group.entries)));
  yield* inSteps(prefixes.finish());
  yield* inSteps(regexes.build(regexEntries));
  const maxExactLength = exact.keys().reduce((length, path) => Math.max(length, path.length), -1);
  const tables = { exact, maxExactLength, regexes, prefixes };
  return { frontend, rules, ...tables, onlyRule: onlyRule(frontend, tables), origin: originOf(frontend) };
}

/** A rule of a route set with its matches. */
export interface CompiledMatches {
  readonly route: BoundRoute;
  readonly rule: BoundRule;
  readonly entries: readonly MatchEntry[];
}

/** Every rule of a route set, in its order. */
function* compileMatches(routes: readonly BoundRoute[]): Generator<CompiledMatches, void> {
  let order = 0;
  for (const route of routes) {
    for (const rule of route.rules) {
      const compiled = compileRule(route, rule);
      const first = order;
      order += rule.matches.length;
      yield {
        route,
        rule,
        entries: rule.matches.map((match, index) => compileMatch(match, compiled, first + index)),
      };
    }
  }
}

function addTo(groups: Map<string, MatchEntry[]>, entry: MatchEntry): void {
  const group = groups.get(entry.path);
  if (group === undefined) groups.set(entry.path, [entry]);
  else group.push(entry);
}

function* sortEach(groups: Iterable<MatchEntry[]>): Generator<undefined, void> {
  for (const group of groups) {
    if (group.length > 1) group.sort(comparePrecedence);
    yield;
  }
}

/** Passes on only every so many steps. */
function* inSteps(steps: Iterable<undefined>): Generator<undefined, void> {
  let count = 0;
  for (const step of steps) {
    count += 1;
    if (count % STEP_SIZE === 0) yield step;
  }
}

function originOf(frontend: Frontend): RedirectOrigin {
  const { address, port } = frontend;
  return { scheme: "http", host: address.includes(":") ? `[${address}]` : address, port };
}

function onlyRule(frontend: Frontend, tables: MatchTables): CompiledRule | undefined {
  if (frontend.routes === undefined) return compileImplicitRule(frontend.backend);
  if (tables.exact.size > 0 || !tables.regexes.isEmpty || tables.prefixes.groups.size !== 1) return undefined;
  const best = tables.prefixes.groups.get("")?.entries[0];
  if (best === undefined || best.hasMethod || best.headerCount > 0 || best.queryCount > 0) return undefined;
  return best.rule;
}
