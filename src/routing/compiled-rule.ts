import type { Fraction, RouteRetry } from "../resources/http-route.ts";
import type { CorsPlan } from "./cors.ts";
import type { HeaderStep } from "./header-steps.ts";
import type { RedirectPlan } from "./redirect.ts";
import type { RewritePlan } from "./rewrite-path.ts";

/**
 * What happens to the requests of one rule. What a proxy does with it, in this order:
 *
 * 1. `action` is `fail`: answer 500, whatever the request is.
 * 2. `action` is `forward`: pick a backend; its `cors`, `mirrors`, `redirect` and header steps already hold those of
 *    the rule. Otherwise take `cors` from here.
 * 3. There is a CORS plan and the request is a preflight: answer it.
 * 4. Redirect, or fail, or forward.
 */
export interface CompiledRule {
  readonly labels: RuleLabels;
  readonly action: RuleAction;
  /** Of the rule's own filters; for an action that forwards, use the picked backend's. */
  readonly cors: CorsPlan | undefined;
  /** For the whole exchange with all tries; 0 means no limit. */
  readonly requestTimeoutMs: number;
  /** For each try; 0 means no limit. */
  readonly backendRequestTimeoutMs: number;
  readonly retry: RouteRetry | undefined;
}

/** How metrics and the access log name the rule; all empty where no route is bound. */
export interface RuleLabels {
  readonly routeKind: "HTTPRoute" | "";
  readonly routeNamespace: string;
  readonly route: string;
  /** The rule's name, else its index in the route. */
  readonly rule: string;
}

export type RuleAction =
  | {
      readonly kind: "redirect";
      readonly redirect: RedirectPlan;
      readonly responseHeaderSteps: readonly HeaderStep[];
    }
  | { readonly kind: "fail"; readonly message: string }
  | ForwardAction;

export interface ForwardAction {
  readonly kind: "forward";
  /**
   * The references with a weight above zero, invalid ones too. Where all weights are zero: one that fails, because
   * nobody may take the traffic.
   */
  readonly backends: readonly [CompiledBackend, ...CompiledBackend[]];
  /** The sum of the weights up to and including the backend at the same index. */
  readonly cumulativeWeights: readonly number[];
  readonly totalWeight: number;
}

/** A backendRef with the filters of its rule and its own, the rule's first. */
export interface CompiledBackend {
  readonly target: RouteTarget;
  readonly weight: number;
  readonly requestHeaderSteps: readonly HeaderStep[];
  readonly responseHeaderSteps: readonly HeaderStep[];
  readonly rewrite: RewritePlan;
  /** Set by a filter of the backendRef: this share is redirected and not forwarded. */
  readonly redirect: RedirectPlan | undefined;
  readonly mirrors: readonly MirrorPlan[];
  readonly cors: CorsPlan | undefined;
}

/** A Backend's name, or why this share is answered 500. */
export type RouteTarget =
  | { readonly kind: "backend"; readonly name: string }
  | { readonly kind: "fail"; readonly message: string };

export interface MirrorPlan {
  /** A Backend's name. */
  readonly backend: string;
  readonly fraction: Fraction;
}
