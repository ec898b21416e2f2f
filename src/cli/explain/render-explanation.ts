import { isProblem } from "../../binding/route-status.ts";
import type { RuleExplanation } from "../../routing/explain.ts";
import type { RuleEffect } from "../../routing/explain-effect.ts";
import { showDuration } from "../duration.ts";
import { changeRows } from "./change-rows.ts";
import type { AttachedRoute, ExplainedAnswer, Explanation } from "./explanation.ts";
import { renderBackends } from "./render-backends.ts";
import { columns, paragraph, type TextStyle } from "./text-style.ts";

/** Rules that don't match, as many as a person reads; `--json` has all. */
const LISTED_RULES = 30;
const LISTED_PROBLEMS = 10;

/** An explanation for people, 100 columns wide: the answer first, then why. */
export function renderExplanation(explanation: Explanation, style: TextStyle): string {
  const { request, winner, rules, effect, attached, problems } = explanation;
  const lines = [
    `${style.bold(`${request.method} ${request.url}`)}${style.dim(`, from namespace ${request.from}`)}`,
    ...headerLines(explanation),
    "",
    ...renderAnswer(explanation.answer, style),
    ...(winner === undefined ? [] : [`  by rule ${winner.rule} of HTTPRoute ${winner.route}`]),
    "",
    ...renderFacts(explanation, style),
    ...renderRules(rules, style),
    ...(effect === undefined ? [] : renderEffect(effect, style)),
    ...renderBackends(explanation, style),
    ...renderAttached(attached, style),
    ...renderProblems(problems, style),
  ];
  return `${lines.join("\n")}\n`;
}

function headerLines({ request }: Explanation): readonly string[] {
  const authority = request.url.replace(/^http:\/\//i, "").replace(/[/?#].*/, "");
  const host = request.host === authority ? [] : [`    host: ${request.host}`];
  return [...host, ...request.headers.map(({ name, value }) => `    ${name}: ${value}`)];
}

function renderAnswer({ kind, summary }: ExplainedAnswer, style: TextStyle): readonly string[] {
  const text = summary.charAt(0).toUpperCase() + summary.slice(1);
  switch (kind) {
    case "forwarded":
    case "redirected":
    case "preflight":
      return paragraph("✔ ", text, (line) => style.good(style.bold(line)));
    case "partly-failed":
      return paragraph("! ", text, (line) => style.warn(style.bold(line)));
    case "failed":
      return paragraph("✘ ", text, (line) => style.bad(style.bold(line)));
  }
}

const PROTOCOLS = {
  http: "HTTP",
  detect: "HTTP, if the first bytes of a connection say so",
  opaque: "opaque, bytes are forwarded as they come",
};

function renderFacts({ service, protocol, routes }: Explanation, style: TextStyle): readonly string[] {
  const { namespace, name, port, dialled, alsoAt } = service;
  const also = alsoAt.length === 0 ? "" : `, also at ${alsoAt.join(", ")}`;
  const { scope } = routes;
  const set = scope === undefined ? "" : `${scope.kind} routes${scopeName(scope, namespace)}: `;
  const fact = (label: string, text: string): readonly string[] =>
    paragraph(label.padEnd(10), text).map((line) => style.bold(line.slice(0, 10)) + line.slice(10));
  return [
    ...fact("Service", `${namespace}/${name} port ${port}, dialled at ${dialled}${also}`),
    ...fact("Protocol", `${PROTOCOLS[protocol.kind]}: ${protocol.reason}`),
    ...fact("Routes", `${set}${routes.reason}`),
  ];
}

function scopeName(
  scope: { readonly kind: string; readonly namespace?: string },
  serviceNamespace: string,
): string {
  return ` of namespace ${scope.namespace ?? serviceNamespace}`;
}

function renderRules(rules: readonly RuleExplanation[], style: TextStyle): readonly string[] {
  if (rules.length === 0) return [];
  const ranked = rules.map((rule) => ({ rule, verdict: verdictOf(rule) }));
  // What matched is always shown: that is what the answer was decided between.
  const matched = ranked.filter(({ verdict }) => verdict !== "failed");
  const failed = ranked.filter(({ verdict }) => verdict === "failed").slice(0, LISTED_RULES);
  const left = rules.length - matched.length - failed.length;
  const shown = [
    ...matched.filter(({ rule }) => rule.isWinner),
    ...matched.filter(({ rule }) => !rule.isWinner),
    ...failed,
  ];
  return [
    "",
    style.bold("Rules"),
    ...shown.flatMap(({ rule, verdict }) => renderRule(rule, verdict, style)),
    ...(left > 0 ? [style.dim(`  and ${left} more that do not match (--json lists all)`)] : []),
  ];
}

type Verdict = "won" | "outranked" | "failed";

function verdictOf({ isWinner, matches }: RuleExplanation): Verdict {
  if (isWinner) return "won";
  return matches.some(({ verdict }) => verdict === "outranked") ? "outranked" : "failed";
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  won: "✔ wins      ",
  outranked: "– outranked ",
  failed: "✘ no match  ",
};

function renderRule(
  { route, rule, matches }: RuleExplanation,
  verdict: Verdict,
  style: TextStyle,
): readonly string[] {
  const colour = { won: style.good, outranked: style.warn, failed: style.dim }[verdict];
  const lead = `  ${VERDICTS[verdict]}`;
  const indent = " ".repeat(lead.length);
  const title = `  ${colour(VERDICTS[verdict])}${style.bold(`${route} rule ${rule}`)}`;
  // Of a winner with several matches the one that decided is enough.
  const shown = verdict === "won" ? matches.filter((match) => match.verdict === "won") : matches;
  return [
    title,
    ...shown.flatMap(({ match, reasons }) => [
      ...paragraph(indent, match),
      ...reasons.flatMap((reason) => paragraph(`${indent}  `, reason, style.dim)),
    ]),
  ];
}

function renderEffect(effect: RuleEffect, style: TextStyle): readonly string[] {
  const { requestTimeoutMs, backendRequestTimeoutMs, retry, ignoredHeaders, cors } = effect;
  const rows: string[][] = [];
  if (effect.action === "redirect" || effect.action === "preflight") {
    rows.push(
      ...changeRows("response header", [...effect.responseHeaders, ...(cors?.responseHeaders ?? [])]),
    );
  }
  if (cors !== undefined)
    rows.push(["CORS", cors.isOriginAllowed ? "the origin is allowed" : "the origin is not allowed"]);
  if (requestTimeoutMs !== undefined)
    rows.push(["timeout", `${showDuration(requestTimeoutMs)} for the request with all tries`]);
  if (backendRequestTimeoutMs !== undefined)
    rows.push(["timeout", `${showDuration(backendRequestTimeoutMs)} for each try`]);
  if (retry !== undefined) rows.push(["retry", describeRetry(retry)]);
  if (ignoredHeaders.length > 0)
    rows.push(["ignored", `changes of ${ignoredHeaders.join(", ")}: not for a route to change`]);
  if (rows.length === 0) return [];
  return ["", style.bold("The rule"), ...columns(rows).map((line) => `  ${line}`)];
}

function describeRetry({ attempts, codes, backoffMs }: NonNullable<RuleEffect["retry"]>): string {
  if (attempts === 0) return "never, not even after a connection that failed";
  const on = codes.length === 0 ? "" : ` after ${codes.join(", ")}`;
  const wait = backoffMs === undefined ? "" : `, at least ${showDuration(backoffMs)} later`;
  return `up to ${attempts} more ${attempts === 1 ? "try" : "tries"}${on}${wait}`;
}

function renderAttached(attached: readonly AttachedRoute[], style: TextStyle): readonly string[] {
  if (attached.length === 0) return [];
  return [
    "",
    style.bold("Routes that name the Service"),
    ...attached.flatMap((route) => renderRoute(route, style)),
  ];
}

function renderRoute(
  { route, parent, isInForce, reason, conditions }: AttachedRoute,
  style: TextStyle,
): readonly string[] {
  const wrong = conditions.filter(isProblem);
  const mark = isInForce ? style.good("✔") : style.dim("–");
  const shown = wrong.length === 0 ? mark : isInForce ? style.warn("!") : style.bad("✘");
  const where = isInForce ? "in force" : (reason ?? "");
  return [
    `  ${shown} ${style.bold(route)} ${style.dim(`(${parent})`)}  ${where}`,
    ...wrong.flatMap(({ type, status, reason: why, message }) =>
      paragraph("      ", `${type} ${status}, ${why}: ${message}`, isInForce ? style.warn : style.bad),
    ),
  ];
}

function renderProblems(problems: readonly string[], style: TextStyle): readonly string[] {
  if (problems.length === 0) return [];
  const left = problems.length - LISTED_PROBLEMS;
  return [
    "",
    style.bold("Problems"),
    ...problems.slice(0, LISTED_PROBLEMS).flatMap((problem) => paragraph("  ! ", problem, style.warn)),
    ...(left > 0 ? [style.dim(`  and ${left} more`)] : []),
  ];
}
