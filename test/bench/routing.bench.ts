import { parseArgs } from "node:util";
import type { BoundRule } from "../../src/binding/frontend.ts";
import type { HttpRouteMatch } from "../../src/resources/http-route.ts";
import { compileFrontend, compileFrontendInSteps } from "../../src/routing/compile-frontend.ts";
import { matchRequest } from "../../src/routing/match-request.ts";
import { pickBackend } from "../../src/routing/pick-backend.ts";
import type { RequestView } from "../../src/routing/request-view.ts";
import { planPath, rewritePath } from "../../src/routing/rewrite-path.ts";
import {
  backendRef,
  exact,
  frontendOf,
  prefix,
  regex,
  requestOf,
  routeOf,
  ruleOf,
} from "../routing/route-fixtures.ts";

const { values } = parseArgs({ options: { "round-ms": { type: "string", default: "150" } } });
const roundNs = Number(values["round-ms"]) * 1e6;
/** Keeps results alive, so that no call can be optimised away. */
let sink = 0;

interface Row {
  readonly name: string;
  readonly run: (index: number) => number;
}

/** The best of five rounds, in nanoseconds a call. */
function measure(row: Row): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round += 1) {
    let calls = 0;
    const start = process.hrtime.bigint();
    let elapsed = 0;
    while (elapsed < roundNs) {
      for (let index = 0; index < 10_000; index += 1) sink += row.run(index);
      calls += 10_000;
      elapsed = Number(process.hrtime.bigint() - start);
    }
    best = Math.min(best, elapsed / calls);
  }
  return best;
}

/** Requests with fresh path strings, as a codec makes them: no hash computed, nothing shared with the rules. */
function requestsTo(targets: readonly string[]): readonly RequestView[] {
  return targets.map((target) => requestOf(Buffer.from(target, "latin1").toString("latin1")));
}

function matchRow(
  name: string,
  rules: readonly BoundRule[],
  targets: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): Row {
  const compiled = compileFrontend(frontendOf([routeOf(rules)]));
  const bytes = targets.map((target) => Buffer.from(target, "latin1"));
  const views = requestsTo(targets).map((request) => ({ ...request, header: headerOf(headers) }));
  return {
    name,
    run: (index) => {
      const view = views[index % views.length];
      const path = bytes[index % bytes.length];
      if (view === undefined || path === undefined) return 0;
      // A new string every time: V8 would otherwise keep its hash.
      const request = { ...view, path: path.toString("latin1") };
      return matchRequest(compiled, request) === undefined ? 0 : 1;
    },
  };
}

function headerOf(headers: Readonly<Record<string, string>>): (name: string) => string | undefined {
  return (name) => headers[name];
}

function distinct(count: number, match: (index: number) => Partial<HttpRouteMatch>): BoundRule[] {
  return Array.from({ length: count }, (_, index) => ruleOf(`r${index}`, { matches: [match(index)] }));
}

const service = (index: number): string => `/api/v1/tenants/${index}/orders`;
const targets = Array.from({ length: 97 }, (_, index) => `${service(index * 51)}/items/${index}`);
const exactTargets = Array.from({ length: 97 }, (_, index) => service(index * 51));
const short = targets.map((target) => target.replace(/tenants\/\d+/, "tenants/0"));

const weighted = compileFrontend(
  frontendOf([
    routeOf([ruleOf("w", { backends: [backendRef("a", 70), backendRef("b", 20), backendRef("c", 10)] })]),
  ]),
).onlyRule?.action;
if (weighted?.kind !== "forward") throw new Error("the rule forwards");
const prefixPlan = planPath({ kind: "ReplacePrefixMatch", value: "/internal" }, "/api/v1");
const fullPlan = planPath({ kind: "ReplaceFullPath", value: "/internal" }, undefined);
if (prefixPlan === undefined || fullPlan === undefined) throw new Error("both plans exist");

const rows: readonly Row[] = [
  {
    name: "(the harness: a fresh path string, no match)",
    run: (index) => freshPath(index),
  },
  matchRow("match, no route", [], targets),
  matchRow("match, 1 rule /", [ruleOf("only")], targets),
  matchRow(
    "match, 1 prefix rule",
    distinct(1, (index) => prefix(service(index))),
    short,
  ),
  matchRow(
    "match, 5 prefix rules",
    distinct(5, (index) => prefix(service(index))),
    short,
  ),
  matchRow(
    "match, 100 prefix rules",
    distinct(100, (index) => prefix(service(index))),
    short,
  ),
  matchRow(
    "match, 5,000 prefix rules",
    distinct(5000, (index) => prefix(service(index))),
    targets,
  ),
  matchRow(
    "match, 1 exact rule",
    distinct(1, (index) => exact(service(index))),
    exactTargets,
  ),
  matchRow(
    "match, 5,000 exact rules",
    distinct(5000, (index) => exact(service(index))),
    exactTargets,
  ),
  matchRow(
    "match, 16 rules of one path, by header",
    distinct(16, (index) => ({ headers: [{ kind: "Exact", name: "x-version", value: String(index) }] })),
    targets,
    { "x-version": "15" },
  ),
  matchRow(
    "match, by query parameter",
    distinct(1, () => ({ queryParams: [{ kind: "Exact", name: "animal", value: "whale" }] })),
    targets.map((target) => `${target}?color=blue&animal=whale`),
  ),
  matchRow(
    "match, 1 regex rule",
    distinct(1, () => regex("/api/v[0-9]+/tenants/[0-9]+/.*")),
    targets,
  ),
  matchRow(
    "match, 100 regex rules",
    distinct(100, (index) => regex(`/api/v1/tenants/${index * 51}/.*`)),
    targets,
  ),
  { name: "pick of 3 backends", run: (index) => pickBackend(weighted, (index % 100) / 100).weight },
  { name: "rewrite, prefix", run: (index) => rewritePath(prefixPlan, targets[index % 97] ?? "").length },
  { name: "rewrite, full", run: (index) => rewritePath(fullPlan, targets[index % 97] ?? "").length },
];

const freshBytes = targets.map((target) => Buffer.from(target, "latin1"));
function freshPath(index: number): number {
  const path = freshBytes[index % freshBytes.length];
  return path === undefined ? 0 : path.toString("latin1").length;
}

console.log("hot path, ns/op (best of 5 rounds)");
for (const row of rows) console.log(`${row.name.padEnd(50)} ${measure(row).toFixed(1).padStart(9)}`);

/** CPU time of this thread in ms: other processes don't count, collecting garbage on it does. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

console.log("\ncompile, ms of CPU (whole; longest step)");
const sets: readonly (readonly [string, readonly BoundRule[]])[] = [
  ["1 rule", [ruleOf("only")]],
  ["100 prefix rules", distinct(100, (index) => prefix(service(index)))],
  ["5,000 prefix rules", distinct(5000, (index) => prefix(service(index)))],
  ["5,000 exact rules", distinct(5000, (index) => exact(service(index)))],
  [
    "5,000 rules of one path",
    distinct(5000, (index) => ({ headers: [{ kind: "Exact", name: "x", value: String(index) }] })),
  ],
  ["5,000 regex rules", distinct(5000, (index) => regex(`/api/v1/tenants/${index}/.*`))],
];
for (const [name, rules] of sets) {
  const frontend = frontendOf([routeOf(rules)]);
  const steps = compileFrontendInSteps(frontend);
  const start = cpuMs();
  let longest = 0;
  let before = start;
  for (let step = steps.next(); step.done !== true; step = steps.next()) {
    const now = cpuMs();
    longest = Math.max(longest, now - before);
    before = now;
  }
  longest = Math.max(longest, cpuMs() - before);
  console.log(
    `${name.padEnd(50)} ${(cpuMs() - start).toFixed(2).padStart(9)} ${longest.toFixed(2).padStart(7)}`,
  );
}
if (sink < 0) throw new Error("counts never fall");
