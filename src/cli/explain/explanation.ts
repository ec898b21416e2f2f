import type { FrontendProtocol, RouteScope } from "../../binding/frontend.ts";
import type { RouteCondition } from "../../binding/route-status.ts";
import type { FailureKind } from "../../proxy/failure.ts";
import type { RuleExplanation } from "../../routing/explain.ts";
import type { RuleEffect } from "../../routing/explain-effect.ts";
import type { HeaderLine } from "./explained-request.ts";

/** Why a request goes where it goes. Plain data: `--json` and `GET /explain` show it as it is. */
export interface Explanation {
  readonly kind: "explained";
  readonly request: ShownRequest;
  readonly answer: ExplainedAnswer;
  readonly service: ServiceReport;
  readonly protocol: { readonly kind: FrontendProtocol; readonly reason: string };
  readonly routes: {
    /** Absent where no route is in force. */
    readonly scope?: RouteScope;
    readonly reason: string;
  };
  /** The rule that decides; absent where none does. */
  readonly winner?: { readonly route: string; readonly rule: string };
  /** Every rule in force, in order of precedence of its route. */
  readonly rules: readonly RuleExplanation[];
  /** What the winner does, or the Service itself where no route is bound; absent where nothing matched or looks. */
  readonly effect?: RuleEffect;
  /** Where the request may go, each with its share. Empty where a rule answers by itself. */
  readonly shares: readonly Share[];
  /** Each backend that can get the request, or a copy of it. */
  readonly backends: readonly BackendReport[];
  /** Every route that names the Service as a parent, in force or not. */
  readonly attached: readonly AttachedRoute[];
  /** What is wrong with the Service, and in the source of the objects. */
  readonly problems: readonly string[];
}

export interface ShownRequest {
  readonly method: string;
  readonly url: string;
  readonly from: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly headers: readonly HeaderLine[];
}

export interface ExplainedAnswer {
  /**
   * `partly-failed`: some shares are answered by a failure. `forwarded` says too that the proxy looks at no request.
   */
  readonly kind: "forwarded" | "redirected" | "preflight" | "failed" | "partly-failed";
  /** What the client gets from the proxy itself. */
  readonly status?: number;
  /** In words, `forwarded to shop/cart:80`. */
  readonly summary: string;
}

export interface ServiceReport {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  /** `IP:port` that the client dials. */
  readonly dialled: string;
  /** The Service's other addresses. */
  readonly alsoAt: readonly string[];
  readonly backend: string;
}

export interface Share {
  /** 0 to 100. */
  readonly percent: number;
  /** Absent where the reference is invalid. */
  readonly backend?: string;
  readonly outcome: ShareOutcome;
}

export type ShareOutcome =
  | { readonly kind: "forwarded" }
  | { readonly kind: "redirected"; readonly status: number; readonly location: string }
  | { readonly kind: "preflight" }
  /** `status` is absent where no request is looked at: the connection is reset. */
  | {
      readonly kind: "failed";
      readonly failure: FailureKind;
      readonly status?: number;
      readonly details: string;
    };

export interface BackendReport {
  readonly backend: string;
  /** Why these endpoints and no others, as a sentence. */
  readonly selection: string;
  readonly notes: readonly string[];
  readonly endpoints: readonly EndpointReport[];
}

export interface EndpointReport {
  /** `IP:port`. */
  readonly address: string;
  readonly zone?: string;
  readonly node?: string;
  readonly isCandidate: boolean;
  readonly condition: "ready" | "terminating, still serving" | "terminating" | "not ready";
  /** Why it gets no traffic; absent for a candidate. */
  readonly reason?: string;
}

export interface AttachedRoute {
  /** `namespace/name`. */
  readonly route: string;
  /** Which ports it names: `every port`, `port 80`, `port named web`. */
  readonly parent: string;
  readonly isInForce: boolean;
  /** Why it does not count for this request; absent where it does. */
  readonly reason?: string;
  readonly conditions: readonly RouteCondition[];
}
