import type { Frontend, RouteSet } from "../binding/frontend.ts";
import { compileImplicitRule, compileRule } from "./compile-rule.ts";
import type { CompiledRule } from "./compiled-rule.ts";
import type { MatchEntry } from "./matching/match-entry.ts";
import { compileMatch } from "./matching/match-entry.ts";
import { comparePrecedence } from "./matching/precedence.ts";
import { PrefixTable } from "./matching/prefix-table.ts";

/** A Frontend, ready for `matchRequest`. Immutable once compiled. */
export interface CompiledFrontend {
  readonly frontend: Frontend;
  /** The rule of every request, where there can be only one: no route, or a match of everything that nothing beats. */
  readonly onlyRule: CompiledRule | undefined;
  readonly exact: ReadonlyMap<string, readonly MatchEntry[]>;
  /** Paths longer than this need no look at `exact`; -1 where it is empty. */
  readonly maxExactLength: number;
  /** Best first. */
  readonly regexes: readonly MatchEntry[];
  readonly prefixes: PrefixTable;
  /** Every match in the order of the route set, those that can't match too. */
  readonly entries: readonly MatchEntry[];
}

/** A step compiles about this many matches; a regular expression counts as many. */
const STEP_COST = 64;
const REGEX_COST = 16;

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
export function* compileFrontendInSteps(frontend: Frontend): Generator<void, CompiledFrontend> {
  const exact = new Map<string, MatchEntry[]>();
  const prefixes = new PrefixTable();
  const regexes: MatchEntry[] = [];
  const entries: MatchEntry[] = [];
  let maxExactLength = -1;
  for (const entry of compileEntries(frontend.routes)) {
    if (entry === undefined) {
      yield;
      continue;
    }
    entries.push(entry);
    if (entry.pathKind === "exact") {
      maxExactLength = Math.max(maxExactLength, entry.pathLength);
      const group = exact.get(entry.path);
      if (group === undefined) exact.set(entry.path, [entry]);
      else group.push(entry);
    } else if (entry.pathKind === "prefix") prefixes.add(entry);
    else if (entry.pathKind === "regex") regexes.push(entry);
  }
  regexes.sort(comparePrecedence);
  yield* inSteps(sortEach(exact.values()));
  yield* inSteps(sortEach(Iterator.from(prefixes.groups.values()).map((group) => group.entries)));
  yield* inSteps(prefixes.finish());
  const table = { exact, maxExactLength, regexes, prefixes, entries };
  return { frontend, ...table, onlyRule: onlyRule(frontend, table) };
}

/** Every match of a route set; undefined stands for a good place to pause. */
function* compileEntries(routes: RouteSet | undefined): Generator<MatchEntry | undefined> {
  let cost = 0;
  let order = 0;
  for (const route of routes?.routes ?? []) {
    for (const rule of route.rules) {
      const compiled = compileRule(route, rule);
      for (const match of rule.matches) {
        const entry = compileMatch(match, compiled, order);
        order += 1;
        yield entry;
        cost += entryCost(entry);
        if (cost >= STEP_COST) {
          cost = 0;
          yield undefined;
        }
      }
    }
  }
}

function entryCost(entry: MatchEntry): number {
  const conditions = [...entry.headers, ...entry.queryParams];
  const regexes = conditions.filter((condition) => condition.pattern !== undefined).length;
  return 1 + REGEX_COST * (regexes + (entry.pathPattern === undefined ? 0 : 1));
}

function* sortEach(groups: Iterable<MatchEntry[]>): Generator<void, void> {
  for (const group of groups) {
    if (group.length > 1) group.sort(comparePrecedence);
    yield;
  }
}

/** Passes on only every so many steps. */
function* inSteps(steps: Generator<void, void>): Generator<void, void> {
  let count = 0;
  for (const step of steps) {
    count += 1;
    if (count % STEP_COST === 0) yield step;
  }
}

function onlyRule(
  frontend: Frontend,
  table: Pick<CompiledFrontend, "exact" | "regexes" | "prefixes">,
): CompiledRule | undefined {
  if (frontend.routes === undefined) return compileImplicitRule(frontend.backend);
  if (table.exact.size > 0 || table.regexes.length > 0 || table.prefixes.groups.size !== 1) return undefined;
  const best = table.prefixes.groups.get("")?.entries[0];
  if (best === undefined || best.hasMethod || best.headerCount > 0 || best.queryCount > 0) return undefined;
  return best.rule;
}
