import type { AddressFamily } from "../balancing/candidates.ts";
import type { Frontend } from "../binding/frontend.ts";
import { compileHeadEdits, type HeadEdits } from "../http1/head-edits.ts";
import type { CompiledFrontend } from "../routing/compile-frontend.ts";
import type { CompiledBackend, CompiledRule } from "../routing/compiled-rule.ts";
import type { RedirectOrigin } from "../routing/redirect.ts";
import type { ProxyContext } from "./context.ts";
import type { FailureKind } from "./failure.ts";
import type { BackendLabels, Counter, RequestSeries, RouteLabels, ServiceLabels } from "./ports.ts";

const NO_RULE: RouteLabels = { routeKind: "", routeNamespace: "", route: "", rule: "" };
const NO_BACKEND: BackendLabels = { namespace: "", name: "", port: "" };

/**
 * The place that connections to one address and port hold on to. Its content is replaced as a whole when the
 * configuration changes, so that each request sees either the old or the new routes.
 */
export class FrontendSlot {
  current: FrontendRuntime;
  /** The Service is no more: connections end with their next response. */
  isGone = false;
  /** Connections of clients that are open. */
  connections = 0;
  /** Monotonic ms at which the last one began or ended; before the first one, of the slot's own beginning. */
  lastUsedMs: number;

  constructor(current: FrontendRuntime, now: number) {
    this.current = current;
    this.lastUsedMs = now;
  }
}

/** A Frontend in force: its compiled routes, and per rule and backend what each request would else work out anew. */
export class FrontendRuntime {
  readonly frontend: Frontend;
  /** Equal for equal content. */
  readonly version: string;
  readonly service: ServiceLabels;
  readonly compiled: CompiledFrontend;
  /** The address dialled as a Host: without the port where it is 80. */
  readonly authority: string;
  /** That of the address dialled. */
  readonly family: AddressFamily;
  readonly bytesSent: Counter;
  readonly bytesReceived: Counter;
  readonly #context: ProxyContext;
  readonly #forwardings = new Map<CompiledBackend, Forwarding>();
  readonly #outcomes = new Map<CompiledRule | undefined, RequestSeries>();
  readonly #failures = new Map<FailureKind, Counter>();

  constructor(context: ProxyContext, compiled: CompiledFrontend, version: string) {
    const { frontend } = compiled;
    this.#context = context;
    this.version = version;
    this.compiled = compiled;
    this.frontend = frontend;
    this.service = {
      namespace: frontend.service.namespace,
      name: frontend.service.name,
      port: frontend.port,
    };
    this.authority = authorityOf(compiled.origin);
    this.family = frontend.address.includes(":") ? 6 : 4;
    this.bytesSent = context.telemetry.bytes(this.service, "sent");
    this.bytesReceived = context.telemetry.bytes(this.service, "received");
  }

  /** What is known beforehand of the requests of `rule` that go to `backend`. */
  forwarding(rule: CompiledRule, backend: CompiledBackend): Forwarding {
    const known = this.#forwardings.get(backend);
    if (known !== undefined) return known;
    const { target } = backend;
    const labels = target.kind === "backend" ? this.#context.backend(target.name)?.labels : NO_BACKEND;
    const forwarding = this.#createForwarding(rule, backend, labels ?? NO_BACKEND);
    // A Backend may come after the routes that name it.
    if (labels !== undefined) this.#forwardings.set(backend, forwarding);
    return forwarding;
  }

  /** Where requests are counted that reach no backend. */
  outcomeWithoutBackend(rule: CompiledRule | undefined): RequestSeries {
    const known = this.#outcomes.get(rule);
    if (known !== undefined) return known;
    const outcome = this.#context.telemetry.requests(this.service, rule?.labels ?? NO_RULE, NO_BACKEND);
    this.#outcomes.set(rule, outcome);
    return outcome;
  }

  countFailure(kind: FailureKind): void {
    let counter = this.#failures.get(kind);
    if (counter === undefined) {
      counter = this.#context.telemetry.failures(this.service, kind);
      this.#failures.set(kind, counter);
    }
    counter.add(1);
  }

  #createForwarding(rule: CompiledRule, backend: CompiledBackend, labels: BackendLabels): Forwarding {
    return {
      rule,
      plan: backend,
      requestEdits: editsOf(backend.requestHeaderSteps),
      responseEdits: editsOf(backend.responseHeaderSteps),
      outcome: this.#context.telemetry.requests(this.service, rule.labels, labels),
    };
  }
}

export interface Forwarding {
  readonly rule: CompiledRule;
  readonly plan: CompiledBackend;
  readonly requestEdits: HeadEdits | undefined;
  readonly responseEdits: HeadEdits | undefined;
  readonly outcome: RequestSeries;
}

function editsOf(steps: CompiledBackend["requestHeaderSteps"]): HeadEdits | undefined {
  return steps.length === 0 ? undefined : compileHeadEdits(steps);
}

function authorityOf({ host, port }: RedirectOrigin): string {
  return port === 80 ? host : `${host}:${port}`;
}
