import type { BackendEffect } from "../../routing/explain-effect.ts";
import { changeRows } from "./change-rows.ts";
import type { BackendReport, EndpointReport, Explanation, Share } from "./explanation.ts";
import { showPercent } from "./shares.ts";
import { columns, paragraph, type TextStyle } from "./text-style.ts";

/** Endpoints that take traffic, and again of the others, as many as a person reads; `--json` has all. */
const LISTED_ENDPOINTS = 8;

/** Where the request goes, what it looks like there, and which endpoints may take it. */
export function renderBackends(explanation: Explanation, style: TextStyle): readonly string[] {
  const { shares, effect } = explanation;
  const direct = new Set(shares.map(({ backend }) => backend));
  const effects = (effect?.backends ?? []).filter(({ percent }) => percent > 0);
  const idle = (effect?.backends ?? []).filter(({ percent }) => percent === 0);
  const mirrored = explanation.backends.filter(({ backend }) => !direct.has(backend));
  if (shares.length + mirrored.length === 0) return [];
  return [
    "",
    style.bold("Backends"),
    ...shares.flatMap((share, index) => renderShare(share, effects[index], explanation, style)),
    ...idle.map(({ backend, failure }) => style.dim(`    0 %  ${backend ?? failure ?? ""}  (weight 0)`)),
    ...mirrored.flatMap((report) => [
      ...paragraph("  copies ", style.bold(report.backend)),
      ...renderReport(report, style),
    ]),
  ];
}

const INDENT = " ".repeat(9);

function renderShare(
  { percent, backend, outcome }: Share,
  effect: BackendEffect | undefined,
  explanation: Explanation,
  style: TextStyle,
): readonly string[] {
  const share = showPercent(percent).padStart(7);
  const report = explanation.backends.find((candidate) => candidate.backend === backend);
  // The report of a backend without endpoints says why by itself.
  const isToldBelow = outcome.kind === "failed" && outcome.failure === "no_endpoint" && report !== undefined;
  const failure =
    outcome.kind === "failed" && !isToldBelow ? paragraph(INDENT, outcome.details, style.bad) : [];
  const isDialled = outcome.kind === "forwarded" || outcome.kind === "failed";
  return [
    `${share}  ${style.bold(backend ?? "no backend")}`,
    ...failure,
    ...(effect === undefined || outcome.kind === "failed" ? [] : renderChanges(effect, explanation)),
    ...(report === undefined || !isDialled ? [] : renderReport(report, style)),
  ];
}

/** Only what differs from the request as it was sent. */
function renderChanges(effect: BackendEffect, { request }: Explanation): readonly string[] {
  const rows: string[][] = [];
  if (effect.redirect !== undefined)
    rows.push(["redirect", `${effect.redirect.status} to ${effect.redirect.location}`]);
  if (effect.path !== request.path) rows.push(["path", `${request.path} → ${effect.path}`]);
  if (effect.host !== request.host) rows.push(["host", `${request.host} → ${effect.host}`]);
  rows.push(...changeRows("request header", effect.requestHeaders));
  rows.push(...changeRows("response header", effect.responseHeaders));
  if (effect.cors !== undefined) {
    rows.push(["CORS", effect.cors.isOriginAllowed ? "the origin is allowed" : "the origin is not allowed"]);
    rows.push(...changeRows("response header", effect.cors.responseHeaders));
  }
  for (const { backend, percent } of effect.mirrors)
    rows.push(["copied to", `${backend} (${showPercent(percent)})`]);
  if (effect.ignoredHeaders.length > 0) {
    rows.push(["ignored", `changes of ${effect.ignoredHeaders.join(", ")}: not for a route to change`]);
  }
  return columns(rows).map((line) => INDENT + line);
}

function renderReport({ selection, notes, endpoints }: BackendReport, style: TextStyle): readonly string[] {
  const candidates = endpoints.filter(({ isCandidate }) => isCandidate);
  const others = endpoints.filter(({ isCandidate }) => !isCandidate);
  const shown = [...candidates.slice(0, LISTED_ENDPOINTS), ...others.slice(0, LISTED_ENDPOINTS)];
  const left = endpoints.length - shown.length;
  const rows = columns(shown.map(cellsOf));
  return [
    ...[selection, ...notes].flatMap((text) => paragraph(INDENT, text)),
    ...rows.map((row, index) => {
      const isCandidate = shown[index]?.isCandidate === true;
      return `${INDENT}  ${isCandidate ? style.good("●") : "○"} ${isCandidate ? row : style.dim(row)}`;
    }),
    ...(left > 0 ? [style.dim(`${INDENT}  and ${left} more (--json lists all)`)] : []),
  ];
}

function cellsOf({ address, zone, node, condition, reason }: EndpointReport): readonly string[] {
  return [
    address,
    zone === undefined ? "" : `zone ${zone}`,
    node === undefined ? "" : `node ${node}`,
    reason ?? condition,
  ];
}
