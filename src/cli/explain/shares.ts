import type { Backend } from "../../binding/backend.ts";
import { FAILURES, type FailureKind } from "../../proxy/failure.ts";
import type { BackendEffect, RuleEffect } from "../../routing/explain-effect.ts";
import { candidatesOf, type EndpointScope, whyNoEndpoint } from "./backend-report.ts";
import type { ExplainedAnswer, Share, ShareOutcome } from "./explanation.ts";

export type Backends = ReadonlyMap<string, Backend>;

/** Where the requests of a rule go that forwards. Shares of nothing are left out. */
export function sharesOf(effect: RuleEffect, backends: Backends, scope: EndpointScope): readonly Share[] {
  return effect.backends
    .filter(({ percent }) => percent > 0)
    .map((backend) => ({
      percent: backend.percent,
      ...(backend.backend !== undefined && { backend: backend.backend }),
      outcome: outcomeOf(backend, backends, scope),
    }));
}

/** In the order in which the proxy decides (src/proxy/exchange.ts). */
function outcomeOf(effect: BackendEffect, backends: Backends, scope: EndpointScope): ShareOutcome {
  if (effect.cors?.isPreflight === true) return { kind: "preflight" };
  if (effect.redirect !== undefined) return { kind: "redirected", ...effect.redirect };
  if (effect.failure !== undefined) return failed("backend_invalid", effect.failure);
  const backend = backends.get(effect.backend ?? "");
  if (backend === undefined) return failed("no_endpoint", `${effect.backend} is not known`);
  if (backend.protocol === "http2") return failed("backend_invalid", `${backend.name} takes HTTP/2 only`);
  return outcomeAt(backend, scope);
}

function outcomeAt(backend: Backend, scope: EndpointScope): ShareOutcome {
  const candidates = candidatesOf(backend, scope);
  if (candidates.kind === "some") return { kind: "forwarded" };
  return failed("no_endpoint", whyNoEndpoint(backend, candidates.reason, scope.locality));
}

function failed(failure: FailureKind, details: string): ShareOutcome {
  return { kind: "failed", failure, status: FAILURES[failure].status, details };
}

/** Where connections go whose requests the proxy does not look at. */
export function opaqueShare(backend: Backend, scope: EndpointScope): Share {
  const outcome = outcomeAt(backend, scope);
  if (outcome.kind !== "failed") return { percent: 100, backend: backend.name, outcome };
  const { kind, failure, details } = outcome;
  return { percent: 100, backend: backend.name, outcome: { kind, failure, details } };
}

/** What all shares come to. There is at least one. */
export function answerOfShares(shares: readonly Share[]): ExplainedAnswer {
  const failures = shares.filter(({ outcome }) => outcome.kind === "failed");
  const [first] = shares;
  if (first !== undefined && shares.length === 1) return answerOfOne(first);
  const summary = shares.map((share) => `${showPercent(share.percent)} ${describeOutcome(share)}`).join(", ");
  const isRedirect = shares.every(({ outcome }) => outcome.kind === "redirected");
  const isPreflight = shares.every(({ outcome }) => outcome.kind === "preflight");
  if (failures.length === shares.length) return { kind: "failed", summary };
  if (failures.length > 0) return { kind: "partly-failed", summary };
  if (isPreflight) return { kind: "preflight", summary: "answered as a CORS preflight" };
  return { kind: isRedirect ? "redirected" : "forwarded", summary };
}

function answerOfOne(share: Share): ExplainedAnswer {
  const { outcome } = share;
  const summary = describeOutcome(share);
  switch (outcome.kind) {
    case "forwarded":
    case "preflight":
      return { kind: outcome.kind, summary };
    case "redirected":
      return { kind: outcome.kind, status: outcome.status, summary };
    case "failed":
      return { kind: outcome.kind, ...(outcome.status !== undefined && { status: outcome.status }), summary };
  }
}

function describeOutcome({ backend, outcome }: Share): string {
  switch (outcome.kind) {
    case "forwarded":
      return `forwarded to ${backend}`;
    case "preflight":
      return "answered as a CORS preflight";
    case "redirected":
      return `redirected with ${outcome.status} to ${outcome.location}`;
    case "failed":
      return outcome.status === undefined
        ? `reset by the proxy: ${outcome.details}`
        : `answered ${outcome.status} by the proxy: ${outcome.details}`;
  }
}

/** At most two decimals. */
export function showPercent(percent: number): string {
  return `${Math.round(percent * 100) / 100} %`;
}
