import type { Locality } from "../../balancing/candidates.ts";
import type { Backend } from "../../binding/backend.ts";
import type { Binding } from "../../binding/bind.ts";
import type { Frontend, FrontendProtocol } from "../../binding/frontend.ts";
import { type FrontendVariants, frontendFor } from "../../binding/frontend-variants.ts";
import { FAILURES } from "../../proxy/failure.ts";
import { objectKey } from "../../resources/object-meta.ts";
import type { Problem } from "../../resources/result.ts";
import { compileFrontendInSteps } from "../../routing/compile-frontend.ts";
import { explainRequestInSteps, type RequestExplanation } from "../../routing/explain.ts";
import type { RuleEffect } from "../../routing/explain-effect.ts";
import { attachedRoutes } from "./attached-routes.ts";
import { type EndpointScope, reportBackend } from "./backend-report.ts";
import { type ExplainedRequest, type RequestWords, readRequest, viewOf } from "./explained-request.ts";
import type { ExplainedAnswer, Explanation, ServiceReport, Share } from "./explanation.ts";
import { findService } from "./find-service.ts";
import { answerOfShares, opaqueShare, sharesOf } from "./shares.ts";

/** What is in force, and where the client runs. */
export interface ExplainedMesh {
  readonly binding: Binding;
  readonly locality: Locality;
  /** What is wrong in the source of the objects, each a line. */
  readonly sourceProblems: readonly string[];
}

/** What `--json` prints and `GET /explain` answers. */
export type ExplainOutcome =
  | Explanation
  /** No such request can be sent. */
  | { readonly kind: "malformed"; readonly problems: readonly Problem[] }
  | { readonly kind: "not-found"; readonly message: string; readonly hint: string };

/** Explains by the code that the proxy itself decides with. */
export function explainUrl(mesh: ExplainedMesh, words: RequestWords): ExplainOutcome {
  const steps = explainUrlInSteps(mesh, words);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/** The same in short steps, so that thousands of rules don't hold up the event loop of a running proxy. */
export function* explainUrlInSteps(
  mesh: ExplainedMesh,
  words: RequestWords,
): Generator<undefined, ExplainOutcome> {
  const read = readRequest(words);
  if (read.kind === "invalid") return { kind: "malformed", problems: read.problems };
  const request = read.value;
  const found = findService(mesh.binding, request);
  if (found.kind === "not-found") return found;
  const frontend = frontendFor(found.dialled, request.from);
  const { backend, dialled, alsoAt } = found;
  const explained = { mesh, request, frontend, backend, dialled, alsoAt };
  if (frontend.protocol === "opaque") return describe(explained, undefined);
  const compiled = yield* compileFrontendInSteps(frontend);
  return describe(explained, yield* explainRequestInSteps(compiled, viewOf(request)));
}

interface Explained {
  readonly mesh: ExplainedMesh;
  readonly request: ExplainedRequest;
  readonly frontend: Frontend;
  /** The Service's own. */
  readonly backend: Backend;
  readonly dialled: FrontendVariants;
  readonly alsoAt: readonly string[];
}

interface Decision {
  readonly answer: ExplainedAnswer;
  readonly winner?: RequestExplanation["winner"];
  readonly rules: RequestExplanation["rules"];
  readonly effect?: RuleEffect;
  readonly shares: readonly Share[];
}

/** @param decided undefined where the proxy looks at no request */
function describe(explained: Explained, decided: RequestExplanation | undefined): Explanation {
  const { mesh, request, frontend, backend } = explained;
  const { binding, locality, sourceProblems } = mesh;
  const scope: EndpointScope = { family: frontend.address.includes(":") ? 6 : 4, locality };
  const decision =
    decided === undefined ? decideOpaque(backend, scope) : decide(decided, binding.backends, scope);
  const { method, url, from, host, path, query, headers } = request;
  const { routes } = frontend;
  return {
    kind: "explained",
    request: { method, url, from, host, path, query, headers },
    answer: decision.answer,
    service: reportService(explained),
    protocol: { kind: frontend.protocol, reason: protocolReason(frontend.protocol, backend) },
    routes: { ...(routes && { scope: routes.scope }), reason: routesReason(explained) },
    ...(decision.winner && { winner: decision.winner }),
    rules: decision.rules,
    ...(decision.effect && { effect: decision.effect }),
    shares: decision.shares,
    backends: backendNames(decision).flatMap((name) => {
      const known = binding.backends.get(name);
      return known === undefined ? [] : [reportBackend(known, scope)];
    }),
    attached: attachedRoutes(binding.statuses, frontend, from),
    problems: [
      ...binding.problems
        .filter(({ object }) => object === `Service ${objectKey(frontend.service)}`)
        .map(({ object, message }) => `${object}: ${message}`),
      ...sourceProblems,
    ],
  };
}

function reportService({ frontend, alsoAt }: Explained): ServiceReport {
  const { service, port, name, backend } = frontend;
  return { ...service, port, dialled: name, alsoAt, backend };
}

function decideOpaque(backend: Backend, scope: EndpointScope): Decision {
  const shares = [opaqueShare(backend, scope)];
  return { answer: answerOfShares(shares), rules: [], shares };
}

function decide(
  { rules, winner, effect }: RequestExplanation,
  backends: Binding["backends"],
  scope: EndpointScope,
): Decision {
  if (effect === undefined) return { answer: notMatched(rules.length), rules, shares: [] };
  const shares = sharesOf(effect, backends, scope);
  const answer = answerOf(effect, shares);
  return { answer, ...(winner && { winner }), rules, effect, shares };
}

function notMatched(count: number): ExplainedAnswer {
  const { status } = FAILURES.no_route;
  const which = count === 1 ? "the only rule does not match" : `none of the ${count} rules matches`;
  return { kind: "failed", status, summary: `answered ${status} by the proxy: ${which}` };
}

function answerOf(effect: RuleEffect, shares: readonly Share[]): ExplainedAnswer {
  switch (effect.action) {
    case "forward":
      return answerOfShares(shares);
    case "preflight":
      return { kind: "preflight", summary: "answered as a CORS preflight" };
    case "redirect": {
      const { status = 0, location = "" } = effect.redirect ?? {};
      return { kind: "redirected", status, summary: `redirected with ${status} to ${location}` };
    }
    case "fail": {
      const { status } = FAILURES.backend_invalid;
      return { kind: "failed", status, summary: `answered ${status} by the proxy: ${effect.failure}` };
    }
  }
}

/** Those that get the request and those that get copies, one of each. */
function backendNames({ effect, shares }: Decision): readonly string[] {
  const direct = shares.flatMap(({ backend }) => backend ?? []);
  const mirrored = effect?.backends.flatMap(({ mirrors }) => mirrors.map(({ backend }) => backend)) ?? [];
  return [...new Set([...direct, ...mirrored])];
}

function protocolReason(kind: FrontendProtocol, { protocol }: Backend): string {
  switch (kind) {
    case "http":
      return "the port declares it";
    case "detect":
      return "the port declares nothing, and routes are bound to it";
    case "opaque":
      if (protocol === "undeclared") return "the port declares nothing, and no route is bound to it";
      return protocol === "tls" || protocol === "other"
        ? "the port declares a protocol that is not HTTP"
        : "an annotation of the Service opts the port out";
  }
}

function routesReason({ frontend, request: { from }, dialled }: Explained): string {
  const { routes, service } = frontend;
  if (routes?.scope.kind === "consumer") {
    const replaced =
      dialled.producer.routes === undefined ? "" : `, and they replace those of ${service.namespace}`;
    return `namespace ${from} has consumer routes for this port${replaced}`;
  }
  if (frontend.protocol === "opaque") return "none: requests on an opaque port are not looked at";
  if (routes === undefined) return "none is bound to this port: requests go to the Service's own endpoints";
  return from === service.namespace
    ? "the client is in the same namespace"
    : `namespace ${from} has no consumer routes for this port`;
}
